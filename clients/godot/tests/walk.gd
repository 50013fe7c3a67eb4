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
	var worst := 0.0
	var walked := 0.0
	for direction: Vector2 in WALKS:
		var before := player.where()
		player.world.avatar().walk(direction)
		for frame: int in 45:
			await process_frame
		player.world.avatar().walk(Vector2.ZERO)
		worst = maxf(worst, await player.error_after_stop())
		walked += before.distance_to(player.where())
	if worst > TOLERANCE or walked < 2.0:
		player.fail("walked %.2f tiles, off by %.3f at worst" % [walked, worst])
		return
	await player.done(player.client.leave_world())
	print(
		"walked %.2f tiles in %d walks, off by %.3f tiles at worst" % [walked, WALKS.size(), worst]
	)
	quit(0)
