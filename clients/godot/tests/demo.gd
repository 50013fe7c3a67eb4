extends SceneTree
## The demo, played by its own buttons and keys: log-in, character select, world; its character
## walks, talks, and every panel opens. With a second argument it leaves pictures
## there, which needs a display.
## Arguments: the server's address, and where the picture goes.

const Visitor := preload("res://tests/visitor.gd")
const PANELS: Array[StringName] = [&"bag", &"character", &"party", &"social", &"map", &"settings"]

var visitor: Visitor


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	visitor = Visitor.new(arguments[0])
	root.add_child(visitor)
	# Only then it is ready.
	await process_frame
	await visitor.enter("Demo%d" % OS.get_process_id(), "Demeter")
	await walk()
	await talk()
	if arguments.size() > 1:
		await create_timer(2.0).timeout
		root.get_texture().get_image().save_png(arguments[1])
	await visitor.until(
		func() -> bool: return visitor.main.sounds.has_sound("interface/open"), "the sounds"
	)
	await open_panels()
	if arguments.size() > 1:
		root.get_texture().get_image().save_png(arguments[1].replace(".png", "-panels.png"))
	visitor.main.client.leave_world()
	await visitor.until(
		func() -> bool: return visitor.main.scene.has_node(^"Form/Own"), "the characters again"
	)
	print("log-in, characters, world, %d panels, and back" % PANELS.size())
	quit(0)


func walk() -> void:
	var avatar := visitor.avatar()
	var before := avatar.position
	await press(KEY_D, true)
	await visitor.until(
		func() -> bool: return avatar.position.x > before.x + 48.0, "a walk by the key D"
	)
	var sprite: AnimatedSprite2D = avatar.get_node(^"Sprite")
	if sprite.animation != &"walk_right":
		visitor.fail("it walks to the right, and %s is shown" % sprite.animation)
	await press(KEY_D, false)


func talk() -> void:
	var heard: Array[String] = []
	visitor.main.client.chat.said.connect(
		func(_scope: StringName, _from: String, text: String) -> void: heard.append(text)
	)
	await press(KEY_ENTER, true)
	await press(KEY_ENTER, false)
	var line := root.gui_get_focus_owner() as LineEdit
	if line == null:
		return visitor.fail("Enter opens no chat")
	line.text_submitted.emit("hello from the demo")
	await visitor.until(func() -> bool: return "hello from the demo" in heard, "the own words")


func open_panels() -> void:
	var panels: Node = visitor.main.scene.get(&"hud").panels
	for panel_name: StringName in PANELS:
		panels.call(&"toggle", panel_name)
		var panel: Control = panels.get(&"panels")[panel_name]
		await process_frame
		if not panel.visible or panel.get_child(0).get_child_count() < 2:
			visitor.fail("the panel %s shows nothing" % panel_name)


func press(key: Key, is_pressed: bool) -> void:
	var event := InputEventKey.new()
	event.physical_keycode = key
	event.keycode = key
	event.pressed = is_pressed
	Input.parse_input_event(event)
	await process_frame
