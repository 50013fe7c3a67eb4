extends Node
## The designers' sounds, from the server, as the page plays them: placed to the left and right and
## by distance, and never more than eight at once.

const Main := preload("res://demo/main.gd")
const MOST_AT_ONCE := 8
## What is farther away is not played.
const EARSHOT_TILES := 14.0
## From one step to the next.
const STEP_TILES := 1.4
## So much of the beginning of an ambience is at its end once more: there it goes on.
const LEAD_SECONDS := 0.6
## How loud the ambience is, in decibels.
const AMBIENCE_DB := -8.0
## By hand, an ability reaches no farther than this.
const MELEE_TILES := 3.0

var main: Main
var _streams: Dictionary[String, AudioStreamMP3] = {}
var _ambience := AudioStreamPlayer.new()
## The map whose ambience is played, or on its way.
var _map := 0
var _gold := -1
var _items := -1
## Where the own character was in the last frame, and how far it has walked since the last step.
var _before := Vector2.INF
var _walked := 0.0


## Plays what happens, from now on and in every world.
func begin(of: Main) -> void:
	main = of
	_ambience.volume_db = AMBIENCE_DB
	add_child(_ambience)
	var client := main.client
	client.combat.connect(_on_combat)
	client.killed.connect(func(entity: int) -> void: _play_of("effects/fall", entity))
	client.died.connect(func(_by: int) -> void: play("effects/death"))
	client.respawned.connect(play.bind("effects/portal"))
	client.travelling.connect(play.bind("effects/portal"))
	client.level_reached.connect(func(_level: int) -> void: play("effects/level"))
	client.entered.connect(_follow)
	client.left.connect(func(_reason: StringName, _error: RealmError) -> void: _leave())
	client.refused.connect(func(_error: RealmError) -> void: play("interface/refused"))
	client.bag.changed.connect(_on_bag_changed)
	client.chat.said.connect(_on_said)


## Loads all that is short, one after the other, and the ambience of the map.
func load_all() -> void:
	for path: String in main.pictures.sounds:
		if not path.begins_with("sounds/ambience/"):
			await _stream(path)
	_follow()


## Whether a sound is here, such as effects/step.
func has_sound(sound: String) -> bool:
	return _streams.has("sounds/%s.mp3" % sound)


## Plays a sound where something is, or where the player is. Of too many the oldest gives way.
func play(sound: String, at: Node2D = null) -> void:
	if not has_sound(sound):
		return
	if get_child_count() >= MOST_AT_ONCE:
		var oldest := get_child(1)
		remove_child(oldest)
		oldest.queue_free()
	var stream := _streams["sounds/%s.mp3" % sound]
	if at == null:
		_play_here(stream)
	else:
		_play_at(stream, at)


func _play_here(stream: AudioStreamMP3) -> void:
	var player := AudioStreamPlayer.new()
	player.stream = stream
	player.finished.connect(player.queue_free)
	add_child(player)
	player.play()


func _play_at(stream: AudioStreamMP3, at: Node2D) -> void:
	var player := AudioStreamPlayer2D.new()
	player.stream = stream
	player.max_distance = EARSHOT_TILES * _pixels_per_tile()
	player.finished.connect(player.queue_free)
	add_child(player)
	player.global_position = at.global_position
	player.play()


## A step for each stride of the own character.
func _process(_delta: float) -> void:
	var world := _world()
	var avatar := world.avatar() if world != null else null
	if avatar == null:
		_before = Vector2.INF
		return
	var way := avatar.position.distance_to(_before)
	_before = avatar.position
	# A character that is carried elsewhere does not walk there.
	_walked += way if way < world.pixels_per_tile else 0.0
	if _walked > STEP_TILES * world.pixels_per_tile:
		_walked = 0.0
		play("effects/step")


func _on_combat(kind: StringName, source: int, target: int, ability: int, _amount: int) -> void:
	if kind == &"tick":
		return
	if kind == &"damage":
		var is_own := target == main.client.own_entity_id()
		_play_of("effects/hurt" if is_own else "effects/hit", target)
	var used := main.client.ability_info(ability)
	# The sound of a projectile is played when it begins to fly.
	if used != null and used.shape != &"projectile":
		_play_of(_sound_of(used, kind), source)


## Plays the sound of a projectile that begins to fly, by the ability that it is of.
func play_flight(ability: StringName, at: Node2D) -> void:
	var id := String(ability)
	var own := "abilities/%s" % id
	var is_arrow := "arrow" in id or "shot" in id or "shoot" in id
	var usual := "effects/shot" if is_arrow else "effects/bolt"
	play(own if has_sound(own) else usual, at)


## The sound of an ability: its own, or the one of all that are like it.
func _sound_of(ability: RealmAbility, kind: StringName) -> String:
	var own := "abilities/%s" % ability.id
	if has_sound(own):
		return own
	if ability.shape == &"own":
		return "effects/ward"
	if kind == &"heal" or kind == &"buff":
		return "effects/heal"
	var is_near := ability.shape == &"enemy" and ability.reach <= MELEE_TILES
	return "effects/swing" if ability.shape == &"cone" or is_near else "effects/spell"


func _on_bag_changed() -> void:
	var bag := main.client.bag
	var items := bag.carried().size() + bag.worn().size()
	if _gold >= 0 and bag.gold > _gold:
		play("effects/gold")
	if _items >= 0 and items > _items:
		play("effects/loot")
	_gold = bag.gold
	_items = items


func _on_said(scope: StringName, _from: String, _text: String) -> void:
	if scope == &"whisper":
		play("interface/message")


## Plays the ambience of the map where the player is, and no other.
func _follow() -> void:
	if _map == main.client.map_id():
		return
	_map = main.client.map_id()
	_ambience.stop()
	var begin_of_path := "sounds/ambience/%d_" % _map
	for path: String in main.pictures.sounds:
		if path.begins_with(begin_of_path):
			var map := _map
			var stream := await _stream(path)
			# The player may have gone on meanwhile.
			if stream != null and map == _map:
				stream.loop = true
				stream.loop_offset = LEAD_SECONDS
				_ambience.stream = stream
				_ambience.play()


func _leave() -> void:
	_map = 0
	_gold = -1
	_items = -1
	_ambience.stop()


func _stream(path: String) -> AudioStreamMP3:
	if not _streams.has(path):
		var bytes := await main.pictures.fetch(main.pictures.sounds[path])
		if bytes.is_empty():
			return null
		_streams[path] = AudioStreamMP3.load_from_buffer(bytes)
	return _streams[path]


func _world() -> RealmWorld:
	if main.scene == null:
		return null
	return main.scene.get_node_or_null(^"RealmWorld") as RealmWorld


## Plays a sound where an entity is, if that is in view.
func _play_of(sound: String, entity: int) -> void:
	var world := _world()
	var node := world.node_of(entity) if world != null else null
	if node != null:
		play(sound, node)


func _pixels_per_tile() -> float:
	var world := _world()
	return world.pixels_per_tile if world != null else 32.0
