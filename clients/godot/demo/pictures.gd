extends Node
## The designers' pictures, from the server, as the page has them: /assets.json says where they are,
## and where the sounds are.

signal loaded(path: String)

## A figure's picture: frames of each of three rows; to the left it is that to the right, mirrored.
const COLUMNS := 8
const ROWS: Array[StringName] = [&"down", &"up", &"right"]
## The frames of each animation, and whether it goes on and on.
const ANIMATIONS: Dictionary[StringName, Array] = {
	&"idle": [0],
	&"walk": [1, 2, 3, 4],
	&"cast": [5, 6],
	&"dead": [7],
}
const FRAMES_A_SECOND := 8.0

var server := ""
## Addresses of sounds by their names, such as sounds/effects/hit.mp3.
var sounds: Dictionary = {}
var _files: Dictionary = {}
var _textures: Dictionary[String, Texture2D] = {}
var _figures: Dictionary[String, SpriteFrames] = {}
var _under_way: Dictionary[String, bool] = {}


## Asks which pictures and sounds there are. Without an answer there are none.
func load_list() -> void:
	var body := await _fetch(server + "/assets.json")
	var listing: Variant = JSON.parse_string(body.get_string_from_utf8())
	if listing is Dictionary:
		_files = listing.get("files", {})
		sounds = listing.get("sounds", {})


## A picture by its name, such as pictures/items/iron_sword.png; null if there is none.
func texture(path: String) -> Texture2D:
	while _under_way.has(path):
		await loaded
	if not _textures.has(path):
		_under_way[path] = true
		_textures[path] = await _load(path)
		_under_way.erase(path)
		loaded.emit(path)
	return _textures[path]


## The frames of somebody, by the first of these pictures that there is.
func figure(paths: Array[String]) -> SpriteFrames:
	for path: String in paths:
		if _figures.has(path):
			return _figures[path]
		var picture := await texture(path)
		if picture != null:
			if not _figures.has(path):
				_figures[path] = _frames_of(picture)
			return _figures[path]
	return null


func _load(path: String) -> Texture2D:
	if not _files.has(path):
		return null
	var bytes := await fetch(_files[path])
	var image := Image.new()
	if bytes.is_empty() or image.load_png_from_buffer(bytes) != OK:
		return null
	return ImageTexture.create_from_image(image)


## What lies at an address of a list; nothing if it cannot be had.
func fetch(address: String) -> PackedByteArray:
	return await _fetch(server + address if address.begins_with("/") else address)


func _fetch(address: String) -> PackedByteArray:
	var request := HTTPRequest.new()
	add_child(request)
	if request.request(address) != OK:
		request.queue_free()
		return PackedByteArray()
	var answer: Array = await request.request_completed
	request.queue_free()
	var status: int = answer[1]
	return answer[3] if status == 200 else PackedByteArray()


func _frames_of(picture: Texture2D) -> SpriteFrames:
	var frames := SpriteFrames.new()
	frames.remove_animation(&"default")
	var size := picture.get_height() / ROWS.size()
	var image := picture.get_image()
	image.flip_x()
	var mirrored := ImageTexture.create_from_image(image)
	for animation: StringName in ANIMATIONS:
		for row: int in ROWS.size():
			_add(frames, "%s_%s" % [animation, ROWS[row]], picture, animation, row, size, false)
		_add(frames, "%s_left" % animation, mirrored, animation, ROWS.find(&"right"), size, true)
	return frames


func _add(
	frames: SpriteFrames,
	as_name: StringName,
	picture: Texture2D,
	animation: StringName,
	row: int,
	size: int,
	is_mirrored: bool
) -> void:
	frames.add_animation(as_name)
	frames.set_animation_speed(as_name, FRAMES_A_SECOND)
	frames.set_animation_loop(as_name, animation == &"walk")
	for column: int in ANIMATIONS[animation]:
		var frame := AtlasTexture.new()
		frame.atlas = picture
		var at := COLUMNS - 1 - column if is_mirrored else column
		frame.region = Rect2(at * size, row * size, size, size)
		frames.add_frame(as_name, frame)
