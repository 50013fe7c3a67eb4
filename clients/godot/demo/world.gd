extends Node2D
## The world: the ground, everybody in it by the pictures of the page, and what the keys do.

const Main := preload("res://demo/main.gd")
const Hud := preload("res://demo/hud.gd")
const Keys := preload("res://demo/keys.gd")
const Tall := preload("res://demo/tall.gd")
const Look := preload("res://demo/look.gd")
## Where pictures of each kind lie, and for whom there is none.
const FOLDERS: Dictionary[StringName, String] = {
	&"player": "characters/adventurer",
	&"mob": "mobs/creature",
	&"vendor": "vendors/vendor",
}
## How far the key for it reaches to pick up, in tiles; and a click to somebody, in pixels.
const REACH_TILES := 2.5
const CLICK_PX := 28.0

var main: Main
var target: RealmEntity = null

@onready var client: RealmClient = main.client
@onready var world: RealmWorld = $RealmWorld
@onready var map: RealmMap = $RealmMap
@onready var camera: Camera2D = $Camera
@onready var tall: Tall = $RealmWorld/Tall
@onready var hud: Hud = $Layer/Hud


func _enter_tree() -> void:
	for node: Node in [$RealmWorld, $RealmMap]:
		node.set(&"client", main.client)


func _ready() -> void:
	world.appeared.connect(_on_appeared)
	world.vanished.connect(_on_vanished)
	tall.pictures = main.pictures
	map.drawn.connect(func(_map_id: int) -> void: tall.stand_on(map))
	map.failed.connect(func(error: RealmError) -> void: hud.toast(error.text))
	hud.begin(self)


func _process(_delta: float) -> void:
	var avatar := world.avatar()
	if avatar == null:
		return
	avatar.reads_input = not hud.is_writing()
	camera.position = avatar.position
	tall.own = avatar
	for slot: int in Keys.SLOTS:
		if not hud.is_writing() and Input.is_action_just_pressed("slot%d" % (slot + 1)):
			use(slot)


func _unhandled_input(event: InputEvent) -> void:
	var click := event as InputEventMouseButton
	if click != null and click.pressed and click.button_index == MOUSE_BUTTON_LEFT:
		select(_at(get_global_mouse_position()))
	elif event.is_action_pressed(&"next"):
		select(_nearest(func(entity: RealmEntity) -> bool: return entity.kind == &"mob"))
	elif event.is_action_pressed(&"interact"):
		_interact()
	else:
		hud.press(event)
		return
	get_viewport().set_input_as_handled()


## Takes somebody as the target; null for nobody.
func select(entity: RealmEntity) -> void:
	target = entity
	hud.show_target(entity)


## Uses the ability on a slot: at the target if there is one, else where the own character looks.
func use(slot: int) -> void:
	var avatar := world.avatar()
	var ability := client.ability_on_slot(slot)
	if avatar == null or ability == null:
		return
	if target == null or target.is_dead():
		select(_nearest(func(entity: RealmEntity) -> bool: return entity.kind == &"mob"))
	var facing := Vector2.from_angle(avatar.entity.facing)
	var way := facing if target == null else target.tile - avatar.entity.tile
	match ability.shape:
		&"own":
			avatar.use_ability(slot)
		&"ally":
			var is_friend := target != null and target.kind == &"player"
			avatar.use_ability_on(slot, target.id if is_friend else avatar.entity.id)
		&"enemy" when target != null:
			avatar.use_ability_on(slot, target.id)
		&"projectile" when target != null:
			avatar.use_ability_on(slot, target.id)
		&"ground":
			var tiles := minf(way.length(), ability.reach)
			var at := avatar.entity.tile + way.normalized() * tiles
			avatar.use_ability_at(slot, at * world.pixels_per_tile)
		_:
			avatar.use_ability_towards(slot, way)


## What lies in reach is picked up, a vendor's wares are shown, and else a player is asked.
func _interact() -> void:
	var own := world.avatar().entity if world.avatar() != null else null
	var near := _nearest(func(_entity: RealmEntity) -> bool: return true)
	if own == null or near == null or near.tile.distance_to(own.tile) > REACH_TILES:
		return
	match near.kind:
		&"item", &"gold":
			client.pick_up(near.id)
		&"vendor":
			client.vendor.list_stock(near.id)
		_:
			select(near)


func _nearest(is_meant: Callable) -> RealmEntity:
	var own := world.avatar().entity if world.avatar() != null else null
	var best: RealmEntity = null
	for entity: RealmEntity in world.entities():
		if own == null or entity.is_own or entity.is_dead() or not is_meant.call(entity):
			continue
		if best == null or entity.tile.distance_to(own.tile) < best.tile.distance_to(own.tile):
			best = entity
	return best


func _at(point: Vector2) -> RealmEntity:
	for entity: RealmEntity in world.entities():
		var node := world.node_of(entity.id)
		if not entity.is_own and node.position.distance_to(point + Vector2(0, 12)) < CLICK_PX:
			return entity
	return null


func _on_appeared(entity: RealmEntity, node: Node2D) -> void:
	if FOLDERS.has(entity.kind):
		_dress(entity, node)
		var health: Range = node.get_node(^"Health")
		health.theme = Look.theme()
		health.visible = entity.max_health > 0
	elif entity.kind == &"item":
		_paint(node, "pictures/items/%s.png" % entity.definition, 0.6)
	elif entity.kind == &"gold":
		_paint(node, "pictures/effects/loot.png", 0.75)
	elif entity.kind == &"projectile":
		_paint(node, "pictures/effects/arrow.png", 1.0)
		main.sounds.play_flight(entity.definition, node)


## Gives somebody the pictures of its definition, when they have come.
func _dress(entity: RealmEntity, node: Node2D) -> void:
	var usual: String = FOLDERS[entity.kind]
	var own := "pictures/%s/%s.png" % [usual.get_slice("/", 0), entity.definition]
	var frames := await main.pictures.figure([own, "pictures/%s.png" % usual])
	if frames == null or not is_instance_valid(node):
		return
	var sprite: AnimatedSprite2D = node.get_node(^"Sprite")
	sprite.sprite_frames = frames
	sprite.play("%s_%s" % [entity.animation, entity.side()])


func _paint(node: Node2D, path: String, scaled: float) -> void:
	var texture := await main.pictures.texture(path)
	if texture == null or not is_instance_valid(node):
		return
	var picture: Sprite2D = node.get_node(^"Picture")
	picture.texture = texture
	picture.scale = Vector2(scaled, scaled)
	# A strip of frames, of which the first is shown.
	picture.hframes = maxi(texture.get_width() / texture.get_height(), 1)


func _on_vanished(entity: RealmEntity, _node: Node2D) -> void:
	if entity == target:
		select(null)
