extends CenterContainer
## The account's characters: which one to play, and new ones.

signal chosen(character: RealmCharacter)
signal left

var client: RealmClient
var classes: Array = []

@onready var own: VBoxContainer = $Form/Own
@onready var display_name: LineEdit = $Form/DisplayName
@onready var class_list: OptionButton = $Form/Classes
@onready var said: Label = $Form/Said


func _ready() -> void:
	var make: Button = $Form/Make
	var log_out: Button = $Form/LogOut
	make.pressed.connect(_make)
	log_out.pressed.connect(_log_out)


func say(what: String) -> void:
	said.text = what


## Shows what there is.
func list() -> void:
	if classes.is_empty():
		var listed: RealmCall = await client.list_classes().finished
		if listed.error != null:
			return say(listed.error.text)
		classes = listed.value
		for one: RealmCharacterClass in classes:
			class_list.add_item(one.display_name)
	var call: RealmCall = await client.list_characters().finished
	if call.error != null:
		return say(call.error.text)
	for old: Node in own.get_children():
		old.queue_free()
	for character: RealmCharacter in call.value:
		own.add_child(_row(character))


func _row(character: RealmCharacter) -> Control:
	var row := HBoxContainer.new()
	var play := Button.new()
	play.text = (
		"%s, %s of level %d" % [character.display_name, character.character_class, character.level]
	)
	play.size_flags_horizontal = Control.SIZE_EXPAND_FILL
	play.pressed.connect(func() -> void: chosen.emit(character))
	row.add_child(play)
	var delete := Button.new()
	delete.text = "Delete"
	delete.pressed.connect(func() -> void: _then_list(client.delete_character(character.id)))
	row.add_child(delete)
	return row


func _make() -> void:
	if class_list.selected < 0:
		return
	var one: RealmCharacterClass = classes[class_list.selected]
	_then_list(client.create_character(display_name.text, one.id))


func _then_list(call: RealmCall) -> void:
	await call.finished
	say(call.error.text if call.error != null else "")
	await list()


func _log_out() -> void:
	await client.log_out().finished
	left.emit()
