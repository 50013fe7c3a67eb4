extends SceneTree
## Plays: a player stays in the world while its server loses its power, and while an operator ends
## it, each until it runs again. No line here does anything for that. Its token has grown old by
## then, and is made new.
## Arguments: the server's address.

const Player := preload("res://tests/player.gd")
const WALKS: Array[Vector2] = [Vector2.RIGHT, Vector2.LEFT, Vector2.DOWN]
const TOLERANCE := 0.1
## The life of a token on this server, and a little more.
const TOKEN_SECONDS := 5.0

var player: Player = Player.new()
var lost := 0
var entered := 0


func _initialize() -> void:
	play()


func play() -> void:
	root.add_child(player)
	player.client.connection_lost.connect(func(_reason: String) -> void: lost += 1)
	player.client.entered.connect(func() -> void: entered += 1)
	player.client.left.connect(_on_left)
	await player.enter(OS.get_cmdline_user_args()[0], "Stayer")
	await create_timer(TOKEN_SECONDS).timeout
	var characters: Array = await player.done(player.client.list_characters())
	print("%d character by a token that was made new" % characters.size())
	for end: String in ["kill", "stop"]:
		await outlive(end)
	player.client.left.disconnect(_on_left)
	await player.done(player.client.leave_world())
	quit(0)


func _on_left(reason: StringName, error: RealmError) -> void:
	player.fail("out of the world: %s %s" % [reason, error.code if error != null else &""])


func outlive(end: String) -> void:
	var before := Vector2i(lost, entered)
	player.wish(end)
	await player.until(func() -> bool: return lost > before.x, 60.0, "the loss after %s" % end)
	player.wish("start")
	await player.until(
		func() -> bool: return entered > before.y, 180.0, "the way back after %s" % end
	)
	await player.until(func() -> bool: return player.world.avatar() != null, 10.0, "it is in view")
	print("back after %s: %s" % [end, await player.walk_about(WALKS, TOLERANCE)])
