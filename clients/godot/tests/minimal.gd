extends SceneTree
## The example minimal, as the README shows it: with the keys pressed for it, its character moves.
## Arguments: the server's address.


func _initialize() -> void:
	play()


func play() -> void:
	ProjectSettings.set_setting("realmgate/server/address", OS.get_cmdline_user_args()[0])
	var scene: PackedScene = load("res://examples/minimal/main.tscn")
	var main := scene.instantiate()
	root.add_child(main)
	var client: RealmClient = main.get_node("RealmClient")
	var world: RealmWorld = main.get_node("RealmWorld")
	await client.entered
	while world.avatar() == null:
		await process_frame
	var before := world.avatar().position
	Input.action_press("ui_right")
	while world.avatar().position.x < before.x + 64.0:
		await process_frame
	Input.action_release("ui_right")
	print("moved by %s pixels" % (world.avatar().position - before))
	await client.leave_world().finished
	quit(0)
