extends CenterContainer
## The log-in: an account that there is, or a new one.

signal logged_in

var client: RealmClient

@onready var user_name: LineEdit = $Form/UserName
@onready var password: LineEdit = $Form/Password
@onready var said: Label = $Form/Said


func _ready() -> void:
	var log_in: Button = $Form/LogIn
	var register: Button = $Form/Register
	log_in.pressed.connect(func() -> void: _ask(client.log_in(user_name.text, password.text)))
	register.pressed.connect(func() -> void: _ask(client.register(user_name.text, password.text)))
	password.text_submitted.connect(func(_text: String) -> void: log_in.pressed.emit())
	user_name.grab_focus()


func _ask(call: RealmCall) -> void:
	said.text = "One moment…"
	await call.finished
	if call.error == null:
		logged_in.emit()
		return
	said.text = call.error.text
	for field: String in call.error.fields:
		said.text += "\n%s: %s" % [field, call.error.fields[field]]
