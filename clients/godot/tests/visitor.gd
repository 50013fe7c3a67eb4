extends Node
## A visitor of the demo: goes through its scenes by their own buttons.

const Main := preload("res://demo/main.gd")
const PATIENCE_MS := 60_000

var main: Main


func _init(server: String) -> void:
	ProjectSettings.set_setting("realmgate/server/address", server)
	var packed: PackedScene = load("res://demo/main.tscn")
	main = packed.instantiate()
	add_child(main)


## Makes an account and a character, and enters the world with it.
func enter(user_name: String, character_name: String) -> void:
	await log_in(user_name)
	await make_character(character_name)
	await play_character()
	await until(func() -> bool: return avatar() != null, "the own character")
	await until(is_dressed, "its pictures")


func log_in(user_name: String) -> void:
	var form := main.scene.get_node(^"Form")
	form.get_node(^"UserName").set(&"text", user_name)
	form.get_node(^"Password").set(&"text", "correct horse battery")
	form.get_node(^"Register").emit_signal(&"pressed")
	await until(func() -> bool: return main.scene.has_node(^"Form/Own"), "the characters")


func make_character(character_name: String) -> void:
	var form := main.scene.get_node(^"Form")
	var classes: OptionButton = form.get_node(^"Classes")
	await until(func() -> bool: return classes.item_count > 0, "the classes")
	form.get_node(^"DisplayName").set(&"text", character_name)
	form.get_node(^"Make").emit_signal(&"pressed")
	var own := form.get_node(^"Own")
	await until(func() -> bool: return own.get_child_count() == 1, "the new character")


## Enters the world with the first character; a server that has too much to do is asked again.
func play_character() -> void:
	var late := Time.get_ticks_msec() + PATIENCE_MS
	while not is_in_world() and Time.get_ticks_msec() < late:
		main.scene.get_node(^"Form/Said").set(&"text", "")
		main.scene.get_node(^"Form/Own").get_child(0).get_child(0).emit_signal(&"pressed")
		await until(func() -> bool: return is_in_world() or not said().is_empty(), "an answer")
		if not is_in_world():
			await get_tree().create_timer(1.0).timeout
	if not is_in_world():
		fail("waited in vain for the world: %s" % said())


func is_in_world() -> bool:
	return main.scene.has_node(^"RealmWorld")


## What the form of the characters says.
func said() -> String:
	var label: Label = main.scene.get_node_or_null(^"Form/Said")
	return label.text if label != null else ""


func world() -> RealmWorld:
	return main.scene.get_node(^"RealmWorld")


func avatar() -> RealmAvatar:
	return world().avatar()


func is_dressed() -> bool:
	var sprite: AnimatedSprite2D = avatar().get_node(^"Sprite")
	return sprite.sprite_frames != null and sprite.sprite_frames.has_animation(&"walk_left")


## Waits for something, frame by frame; if it does not come, the play ends.
func until(comes: Callable, what: String) -> void:
	var late := Time.get_ticks_msec() + PATIENCE_MS
	while not comes.call():
		if Time.get_ticks_msec() > late:
			fail("waited in vain for %s; the form says: %s" % [what, said()])
			return
		await get_tree().process_frame


## Ends the play badly.
func fail(what: String) -> void:
	printerr("FAILED: ", what)
	get_tree().quit(1)
