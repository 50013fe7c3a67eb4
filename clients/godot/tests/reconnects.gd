extends SceneTree
## Plays: one client leaves the world while it enters, and is out; then it leaves and enters again
## and again, and neither objects nor memory grow.
## Arguments: the server's address, and how often.

const Player := preload("res://tests/player.gd")
## So often first, until everything that is made once has been made.
const WARM_UP := 20
## By how much memory may be more at the end, in KiB: less than a leaked session each time.
const SLACK_KIB := 8192
## Entering is called off after up to so many frames, and nobody comes in during so many after that.
const CALLED_OFF_AFTER := 24
const STAYS_OUT := 10


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var player: Player = Player.new()
	root.add_child(player)
	await player.enter(arguments[0], "Revenant")
	var characters: Array = await player.done(player.client.list_characters())
	var character: RealmCharacter = characters[0]
	await leave_while_entering(player, character.id)
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


## After each number of frames: before anything is sent, under way, and when it has just come in.
func leave_while_entering(player: Player, character_id: String) -> void:
	for frames: int in CALLED_OFF_AFTER:
		await player.done(player.client.leave_world())
		var entering := player.client.enter_world(character_id)
		for frame: int in frames:
			await process_frame
		await player.done(player.client.leave_world())
		if not entering.is_finished:
			await entering.finished
		if entering.error != null and entering.error.code not in [&"NOT_IN_WORLD", &"MAP_FULL"]:
			player.fail("called off after %d frames: %s" % [frames, entering.error.code])
		for frame: int in STAYS_OUT:
			await process_frame
			if player.client.is_in_world():
				player.fail("it has come in, though called off after %d frames" % frames)
				return
	await player.enter_world(character_id)


## Objects and resident memory in KiB, when what is to be freed has been.
func measured() -> Vector2i:
	for frame: int in 3:
		await process_frame
	var pages := FileAccess.open("/proc/self/statm", FileAccess.READ).get_line().get_slice(" ", 1)
	var objects := int(Performance.get_monitor(Performance.OBJECT_COUNT))
	return Vector2i(objects, pages.to_int() * 4)
