extends SceneTree
## Plays: one client makes a character, enters, and walks; after every stop it is where the server
## has it.
## Arguments: the server's address, a name, and where packets go instead, if anywhere.

const Player := preload("res://tests/player.gd")
const WALKS: Array[Vector2] = [
	Vector2.RIGHT,
	Vector2.DOWN,
	Vector2(-1, -1),
	Vector2.LEFT,
	Vector2.UP,
	Vector2(0.3, 1),
	Vector2(-1, 0.2)
]
## Tiles by which picture and server may differ after a stop.
const TOLERANCE := 0.1


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var player: Player = Player.new()
	root.add_child(player)
	await player.enter(arguments[0], arguments[1], arguments[2] if arguments.size() > 2 else "")
	print(await player.walk_about(WALKS, TOLERANCE))
	await player.done(player.client.leave_world())
	quit(0)
