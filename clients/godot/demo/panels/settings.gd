extends "res://demo/panels/panel.gd"
## The settings: names over heads, sound, which key does what, and the way out.

const Keys := preload("res://demo/keys.gd")

var shows_names := true


func title() -> String:
	return "Settings"


func listen() -> void:
	var world: RealmWorld = main.scene.get_node(^"RealmWorld")
	world.appeared.connect(func(_entity: RealmEntity, node: Node2D) -> void: _name(node))


func fill() -> void:
	button(rows, "Names: %s" % ("on" if shows_names else "off"), _toggle_names)
	button(rows, "Sound: %s" % ("off" if AudioServer.is_bus_mute(0) else "on"), _toggle_sound)
	var keys := GridContainer.new()
	keys.columns = 4
	keys.add_theme_constant_override(&"h_separation", 16)
	rows.add_child(keys)
	for action: StringName in Keys.KEYS:
		label(keys, String(action).trim_prefix("ui_").capitalize())
		label(keys, Keys.word(action))
	button(rows, "Leave the world", client.leave_world)


func _toggle_names() -> void:
	shows_names = not shows_names
	var world: RealmWorld = main.scene.get_node(^"RealmWorld")
	for entity: RealmEntity in world.entities():
		_name(world.node_of(entity.id))
	refresh()


func _toggle_sound() -> void:
	AudioServer.set_bus_mute(0, not AudioServer.is_bus_mute(0))
	refresh()


func _name(node: Node2D) -> void:
	var over_head: Label = node.get_node_or_null(^"Name")
	if over_head != null:
		over_head.visible = shows_names
