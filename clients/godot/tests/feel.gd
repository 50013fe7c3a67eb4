extends SceneTree
## A player of `cargo xtask feel --core godot`. It enters and leaves a few times, and stays; then
## it walks as it is told line by line on standard input (an angle of 0 to 255, or -1 to stand) and
## uses abilities ("use SLOT X Y", a point in tiles), until it reads "leave". It says one line of
## JSON for each time that it has entered, one for each whom it has helped, one for each use that
## was refused, and one for each frame, with what its nodes show.
## Arguments: the server's address, a name, where its packets go, and how often it enters.

const Player := preload("res://tests/player.gd")
const STANDS := -1
## What an angle of the protocol is a share of.
const WHOLE_TURN := 256.0
const LINE_BYTES := 64
## After the client and the world have worked.
const AFTER := 1002

var player: Player = Player.new()
## The newest key, and the one of this frame.
var key := STANDS
var heading := STANDS
var is_leaving := false
## Abilities that are to be used, one in each frame, and that of this frame: slot, x and y.
var uses: Array[Array] = []
var used: Variant = null
var keyboard := Thread.new()


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	root.add_child(player)
	await player.enter(arguments[0], arguments[1], arguments[2])
	var characters: Array = await player.done(player.client.list_characters())
	var character: RealmCharacter = characters[0]
	for time: int in arguments[3].to_int():
		await player.done(player.client.leave_world())
		var began := Time.get_ticks_usec()
		await player.enter_world(character.id)
		say({"entered_in_ms": (Time.get_ticks_usec() - began) / 1000.0})
	await player.until(func() -> bool: return player.world.avatar() != null, 10.0, "it is in view")
	say({"entity": player.client.own_entity_id()})
	player.client.connection_lost.connect(func(reason: String) -> void: say({"lost": reason}))
	player.client.combat.connect(tell_help)
	player.client.refused.connect(func(error: RealmError) -> void: say({"refused": error.slot}))
	keyboard.start(read_keys)
	var screen := Screen.new()
	screen.process_priority = AFTER
	screen.shows = show_frame
	root.add_child(screen)
	while not is_leaving:
		heading = key
		if player.world.avatar() != null:
			player.world.avatar().walk(direction())
			use_ability()
		await process_frame
	keyboard.wait_to_finish()
	screen.queue_free()
	await player.done(player.client.leave_world())
	quit(0)


func direction() -> Vector2:
	return Vector2.ZERO if heading == STANDS else Vector2.from_angle(heading / WHOLE_TURN * TAU)


func use_ability() -> void:
	used = uses.pop_front()
	if used != null:
		var point := Vector2(used[1], used[2]) * Player.PIXELS
		player.world.avatar().use_ability_at(used[0], point)


func tell_help(kind: StringName, source: int, target: int, ability: int, _amount: int) -> void:
	if kind == &"buff" and source == player.client.own_entity_id():
		say({"hit": target, "ability": ability})


## Runs on a thread of its own: reading waits.
func read_keys() -> void:
	while true:
		var line := OS.read_string_from_stdin(LINE_BYTES).strip_edges()
		press.call_deferred(line)
		if line.is_empty() or line == "leave":
			return


func press(line: String) -> void:
	if line.is_empty() or line == "leave":
		is_leaving = true
	elif line.begins_with("use "):
		var words := line.split(" ")
		uses.append([words[1].to_int(), words[2].to_float(), words[3].to_float()])
	else:
		key = line.to_int()


func show_frame() -> void:
	var avatar := player.world.avatar()
	if avatar == null:
		return
	var others: Array[Array] = []
	for entity: RealmEntity in player.world.entities():
		if entity.kind == &"player" and not entity.is_own:
			var at := player.world.node_of(entity.id).position
			others.append([entity.id, at.x / Player.PIXELS, at.y / Player.PIXELS])
	say(
		{
			"at_us": Time.get_ticks_usec(),
			"own": [avatar.position.x / Player.PIXELS, avatar.position.y / Player.PIXELS],
			"heading": null if heading == STANDS else heading,
			"others": others,
			"corrections": avatar.corrections(),
			"corrected_tiles": avatar.corrected_tiles(),
			"visible_corrections": avatar.visible_corrections(),
			"used": used,
		}
	)


func say(what: Dictionary) -> void:
	print(JSON.stringify(what, "", true, true))


## Tells what a frame shows, when all of it is there.
class Screen:
	extends Node
	var shows: Callable

	func _process(_delta: float) -> void:
		shows.call()
