extends PanelContainer
## A panel: a title and rows, which are made anew whenever what they show changes.

const Main := preload("res://demo/main.gd")
const Look := preload("res://demo/look.gd")

var main: Main
var client: RealmClient
var rows := VBoxContainer.new()


## What stands above it.
func title() -> String:
	return ""


## Makes the rows. The old ones are gone.
func fill() -> void:
	pass


## Connects what changes it.
func listen() -> void:
	pass


func begin(of: Main) -> void:
	main = of
	client = main.client
	custom_minimum_size = Vector2(240, 0)
	add_theme_stylebox_override(&"panel", Look.box())
	add_child(rows)
	listen()


## Shows how things are now, if it is open.
func refresh() -> void:
	if not visible:
		return
	for old: Node in rows.get_children():
		rows.remove_child(old)
		old.queue_free()
	var head := row()
	label(head, title()).size_flags_horizontal = Control.SIZE_EXPAND_FILL
	button(head, "×", hide)
	fill()


func row() -> HBoxContainer:
	var made := HBoxContainer.new()
	rows.add_child(made)
	return made


func label(to: Control, text: String) -> Label:
	var made := Label.new()
	made.text = text
	to.add_child(made)
	return made


func button(to: Control, text: String, pressed: Callable) -> Button:
	var made := Button.new()
	made.text = text
	made.focus_mode = Control.FOCUS_NONE
	made.pressed.connect(main.sounds.play.bind("interface/press"))
	made.pressed.connect(pressed)
	to.add_child(made)
	return made


## A row with the picture and the name of a kind of item.
func item_row(definition: StringName, text: String) -> HBoxContainer:
	var made := row()
	var picture := TextureRect.new()
	picture.custom_minimum_size = Vector2(32, 32)
	made.add_child(picture)
	label(made, text).size_flags_horizontal = Control.SIZE_EXPAND_FILL
	_paint(picture, "pictures/items/%s.png" % definition)
	return made


func _paint(picture: TextureRect, path: String) -> void:
	var texture := await main.pictures.texture(path)
	if is_instance_valid(picture):
		picture.texture = texture
