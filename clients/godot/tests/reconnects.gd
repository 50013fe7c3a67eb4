extends SceneTree
## Plays: one client leaves the world and enters it again and again; neither objects nor memory
## grow.
## Arguments: the server's address, and how often.

const Player := preload("res://tests/player.gd")
## So often first, until everything that is made once has been made.
const WARM_UP := 20
## By how much memory may be more at the end, in KiB: less than a leaked session each time.
const SLACK_KIB := 8192


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var player: Player = Player.new()
	root.add_child(player)
	await player.enter(arguments[0], "Revenant")
	var characters: Array = await player.done(player.client.list_characters())
	var character: RealmCharacter = characters[0]
	var before := Vector2i.ZERO
	for time: int in WARM_UP + arguments[1].to_int():
		await player.done(player.client.leave_world())
		await player.until(func() -> bool: return player.world.entities().is_empty(), 5.0, "out")
		if time == WARM_UP:
			before = await measured()
		await player.enter_world(character.id)
		await player.until(func() -> bool: return player.world.avatar() != null, 10.0, "in")
	await player.done(player.client.leave_world())
	await player.until(func() -> bool: return player.world.entities().is_empty(), 5.0, "out")
	var after := await measured()
	print(
		(
			"%s times: objects %d to %d, memory %d to %d KiB"
			% [arguments[1], before.x, after.x, before.y, after.y]
		)
	)
	if after.x > before.x or after.y > before.y + SLACK_KIB:
		player.fail("something grows")
		return
	quit(0)


## Objects and resident memory in KiB, when what is to be freed has been.
func measured() -> Vector2i:
	for frame: int in 3:
		await process_frame
	var pages := FileAccess.open("/proc/self/statm", FileAccess.READ).get_line().get_slice(" ", 1)
	var objects := int(Performance.get_monitor(Performance.OBJECT_COUNT))
	return Vector2i(objects, pages.to_int() * 4)
