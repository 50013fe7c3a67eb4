extends Node2D
## What is taller than a tile, by the pictures of the page: trees, boulders, lamps, roofs.
## Properties of the map's tiles say where one stands. What hides the own character is translucent.

const Pictures := preload("res://demo/pictures.gd")
const TILE := 32.0
## How much is seen of what hides somebody, and of a roof.
const THROUGH := 0.4
const THROUGH_ROOF := 0.1
## How quickly that changes, as a share for each frame.
const CHANGE := 0.2
## How far beside a thing somebody is still hidden, in pixels.
const REACH_PX := 5.0
## Where something may stand that hides somebody, in tiles around them.
const NEAR := Rect2i(-4, -1, 9, 7)

var pictures: Pictures
## Whom nothing shall hide.
var own: Node2D
var _at: Dictionary[Vector2i, Thing] = {}
var _faded: Array[Thing] = []


## Puts everything where the map has it, in place of what was there.
func stand_on(map: RealmMap) -> void:
	for old: Node in get_children():
		old.queue_free()
	_at.clear()
	_faded.clear()
	for layer: Node in map.get_children():
		if layer is TileMapLayer:
			var tiles: TileMapLayer = layer
			for cell: Vector2i in tiles.get_used_cells():
				_stand(map, tiles, cell)


func _process(_delta: float) -> void:
	if own == null or not is_instance_valid(own):
		return
	var cell := Vector2i((own.position / TILE).floor())
	for y: int in range(NEAR.position.y, NEAR.end.y):
		for x: int in range(NEAR.position.x, NEAR.end.x):
			var thing: Thing = _at.get(cell + Vector2i(x, y))
			if thing != null and thing not in _faded and thing.hides(own.position):
				_faded.append(thing)
	for thing: Thing in _faded.duplicate():
		var is_hiding := thing.hides(own.position)
		var goal := thing.through if is_hiding else 1.0
		thing.modulate.a += (goal - thing.modulate.a) * CHANGE
		if not is_hiding and thing.modulate.a > 0.98:
			thing.modulate.a = 1.0
			_faded.erase(thing)


func _stand(map: RealmMap, tiles: TileMapLayer, cell: Vector2i) -> void:
	var data := tiles.get_cell_tile_data(cell)
	var kind: String = _property(data, "tall", "")
	if kind.is_empty():
		return
	var is_roof: bool = _property(data, "roof", false)
	var is_flat: bool = _property(data, "flat", false)
	var aside: int = _property(data, "aside", 0)
	# A tile with a foot stays: it is what lies below.
	if not _property(data, "foot", false):
		tiles.erase_cell(cell)
	var thing := Thing.new()
	thing.position = Vector2(cell.x * TILE + TILE / 2 + aside, (cell.y + 1) * TILE)
	thing.through = THROUGH_ROOF if is_roof else THROUGH
	if is_flat:
		map.add_child(thing)
	else:
		add_child(thing)
		_at[cell] = thing
	var chance := hash(cell)
	thing.flip_h = not is_roof and not is_flat and chance % 2 == 0
	_paint(thing, kind, chance)


## Gives it one of the pictures of its kind, when they have come.
func _paint(thing: Thing, kind: String, chance: int) -> void:
	var second := await pictures.texture("pictures/tall/%s_2.png" % kind)
	var first := await pictures.texture("pictures/tall/%s.png" % kind)
	if is_instance_valid(thing):
		thing.show_picture(second if second != null and chance % 4 < 2 else first)


func _property(data: TileData, property: String, otherwise: Variant) -> Variant:
	if data == null or not data.has_custom_data(property):
		return otherwise
	return data.get_custom_data(property)


## One of them; it stands where its picture ends.
class Thing:
	extends Sprite2D
	var through := 1.0

	func show_picture(picture: Texture2D) -> void:
		if picture == null:
			return
		texture = picture
		centered = false
		offset = Vector2(-picture.get_width() / 2.0, -picture.get_height())

	## Whether it stands before a place.
	func hides(place: Vector2) -> bool:
		if texture == null or place.y >= position.y - 2.0:
			return false
		var is_behind := place.y >= position.y - texture.get_height() + 8.0
		return is_behind and absf(place.x - position.x) < texture.get_width() / 2.0 + REACH_PX
