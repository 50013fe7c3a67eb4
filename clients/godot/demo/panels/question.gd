extends PanelContainer
## A question with a few answers.

const Look := preload("res://demo/look.gd")

var _rows := VBoxContainer.new()


func _ready() -> void:
	add_theme_stylebox_override(&"panel", Look.box())
	add_child(_rows)
	position = Vector2(440, 220)


## Asks; each answer does something.
func ask(what: String, answers: Dictionary[String, Callable]) -> void:
	for old: Node in _rows.get_children():
		_rows.remove_child(old)
		old.queue_free()
	var label := Label.new()
	label.text = what
	_rows.add_child(label)
	for answer: String in answers:
		var button := Button.new()
		button.text = answer
		button.focus_mode = Control.FOCUS_NONE
		button.pressed.connect(hide)
		button.pressed.connect(answers[answer])
		_rows.add_child(button)
	show()
