extends SceneTree
## The demo, played by its own buttons and keys: log-in, character select, world; its character
## walks, talks, and every panel opens. With a second argument it leaves pictures
## there, which needs a display.
## Arguments: the server's address, and where the picture goes.

const Main := preload("res://demo/main.gd")
const PANELS: Array[StringName] = [&"bag", &"character", &"party", &"social", &"map", &"settings"]

var main: Main


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	ProjectSettings.set_setting("realmgate/server/address", arguments[0])
	var packed: PackedScene = load("res://demo/main.tscn")
	main = packed.instantiate()
	root.add_child(main)
	# Only then it is ready.
	await process_frame
	await log_in()
	await choose()
	await until(func() -> bool: return avatar() != null, "the own character")
	await until(is_dressed, "its pictures")
	await walk()
	await talk()
	if arguments.size() > 1:
		await create_timer(2.0).timeout
		root.get_texture().get_image().save_png(arguments[1])
	await open_panels()
	if arguments.size() > 1:
		root.get_texture().get_image().save_png(arguments[1].replace(".png", "-panels.png"))
	main.client.leave_world()
	await until(func() -> bool: return main.scene.has_node(^"Form/Own"), "the characters again")
	print("log-in, characters, world, %d panels, and back" % PANELS.size())
	quit(0)


func log_in() -> void:
	var form := main.scene.get_node(^"Form")
	form.get_node(^"UserName").set(&"text", "Demo%d" % OS.get_process_id())
	form.get_node(^"Password").set(&"text", "correct horse battery")
	form.get_node(^"Register").emit_signal(&"pressed")
	await until(func() -> bool: return main.scene.has_node(^"Form/Own"), "the characters")


func choose() -> void:
	var form := main.scene.get_node(^"Form")
	var classes: OptionButton = form.get_node(^"Classes")
	await until(func() -> bool: return classes.item_count > 0, "the classes")
	form.get_node(^"DisplayName").set(&"text", "Demeter")
	form.get_node(^"Make").emit_signal(&"pressed")
	var own := form.get_node(^"Own")
	await until(func() -> bool: return own.get_child_count() == 1, "the new character")
	own.get_child(0).get_child(0).emit_signal(&"pressed")
	await until(func() -> bool: return main.scene.has_node(^"RealmWorld"), "the world")


func avatar() -> RealmAvatar:
	var world: RealmWorld = main.scene.get_node(^"RealmWorld")
	return world.avatar()


func is_dressed() -> bool:
	var sprite: AnimatedSprite2D = avatar().get_node(^"Sprite")
	return sprite.sprite_frames != null and sprite.sprite_frames.has_animation(&"walk_left")


func walk() -> void:
	var before := avatar().position
	await press(KEY_D, true)
	await until(func() -> bool: return avatar().position.x > before.x + 48.0, "a walk by the key D")
	var sprite: AnimatedSprite2D = avatar().get_node(^"Sprite")
	if sprite.animation != &"walk_right":
		fail("it walks to the right, and %s is shown" % sprite.animation)
	await press(KEY_D, false)


func talk() -> void:
	var heard: Array[String] = []
	main.client.chat.said.connect(
		func(_scope: StringName, _from: String, text: String) -> void: heard.append(text)
	)
	await press(KEY_ENTER, true)
	await press(KEY_ENTER, false)
	var line := root.gui_get_focus_owner() as LineEdit
	if line == null:
		return fail("Enter opens no chat")
	line.text_submitted.emit("hello from the demo")
	await until(func() -> bool: return "hello from the demo" in heard, "the own words")


func open_panels() -> void:
	var panels: Node = main.scene.get(&"hud").panels
	for panel_name: StringName in PANELS:
		panels.call(&"toggle", panel_name)
		var panel: Control = panels.get(&"panels")[panel_name]
		await process_frame
		if not panel.visible or panel.get_child(0).get_child_count() < 2:
			fail("the panel %s shows nothing" % panel_name)


func press(key: Key, is_pressed: bool) -> void:
	var event := InputEventKey.new()
	event.physical_keycode = key
	event.keycode = key
	event.pressed = is_pressed
	Input.parse_input_event(event)
	await process_frame


func until(comes: Callable, what: String) -> void:
	var late := Time.get_ticks_msec() + 60_000
	while not comes.call():
		if Time.get_ticks_msec() > late:
			fail("waited in vain for %s" % what)
			return
		await process_frame


func fail(what: String) -> void:
	printerr("FAILED: ", what)
	quit(1)
