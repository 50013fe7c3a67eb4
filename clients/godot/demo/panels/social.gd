extends "res://demo/panels/panel.gd"
## Whom this player does not hear.


func title() -> String:
	return "Ignored players"


func listen() -> void:
	client.chat.ignored_changed.connect(refresh)


func fill() -> void:
	if client.chat.ignored.is_empty():
		label(rows, "Nobody")
	for player_name: String in client.chat.ignored:
		var at := row()
		label(at, player_name).size_flags_horizontal = Control.SIZE_EXPAND_FILL
		button(at, "Unignore", client.chat.unignore.bind(player_name))
