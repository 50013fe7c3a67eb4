extends Node
## A player of the plays: a client with its world, and what the plays do again and again.

const PIXELS := 32.0
## Whoever is told at the same place for so long stands there: longer than news take on a bad line.
const STILL_MS := 1000

var client: RealmClient = RealmClient.new()
var world: RealmWorld = RealmWorld.new()
var refusals: Array[StringName] = []
var heard: Array[String] = []


func _ready() -> void:
	Engine.max_fps = 60
	add_child(client)
	world.client = client
	world.pixels_per_tile = PIXELS
	add_child(world)
	world.appeared.connect(_on_appeared)
	for asked: Object in [
		client, client.chat, client.bag, client.trade, client.party, client.vendor
	]:
		asked.connect(&"refused", func(error: RealmError) -> void: refusals.append(error.code))
	client.chat.said.connect(
		func(scope: StringName, from: String, text: String) -> void:
			heard.append("%s %s: %s" % [scope, from, text])
	)


## Makes an account and a character of the first class, and enters the world with it.
func enter(server: String, player_name: String, through: String = "") -> void:
	client.server = server
	client.through = through
	await done(client.register(player_name, "correct horse battery"))
	var classes: Array = await done(client.list_classes())
	var chosen: RealmCharacterClass = classes[0]
	var character: RealmCharacter = await done(client.create_character(player_name, chosen.id))
	await enter_world(character.id)
	await until(func() -> bool: return world.avatar() != null, 5.0, "the own character is in view")


## Enters the world; a server that has too much to do is asked again.
func enter_world(character_id: String) -> void:
	var late := Time.get_ticks_msec() + 60_000
	var call: RealmCall = await client.enter_world(character_id).finished
	while call.error != null and call.error.code == &"MAP_FULL" and Time.get_ticks_msec() < late:
		await get_tree().create_timer(1.0).timeout
		call = await client.enter_world(character_id).finished
	await done(call)


## What a call has brought; a failure ends the play.
func done(call: RealmCall) -> Variant:
	if not call.is_finished:
		await call.finished
	if call.error != null:
		fail("%s: %s" % [call.error.code, call.error.text])
	return call.value


## Waits for something, frame by frame; if it does not come, the play ends.
func until(comes: Callable, seconds: float, what: String) -> void:
	var late := Time.get_ticks_msec() + int(seconds * 1000.0)
	while not comes.call():
		if Time.get_ticks_msec() > late:
			fail("not within %.1f s: %s (refused so far: %s)" % [seconds, what, refusals])
			return
		await get_tree().process_frame


## Walks straight to a point in tiles, until it is nearer than that.
func walk_near(tile: Vector2, distance: float) -> void:
	var late := Time.get_ticks_msec() + 60_000
	while where().distance_to(tile) > distance:
		if Time.get_ticks_msec() > late:
			fail("did not get to %s; it is at %s" % [tile, where()])
			return
		world.avatar().walk(tile - where())
		await get_tree().process_frame
	world.avatar().walk(Vector2.ZERO)


## Where it is shown, in tiles.
func where() -> Vector2:
	return world.avatar().position / PIXELS


## Waits until the server has it still, and says by how many tiles the own picture differs then.
func error_after_stop() -> float:
	var avatar := world.avatar()
	var last := Vector2.INF
	var since := Time.get_ticks_msec()
	while Time.get_ticks_msec() < since + STILL_MS:
		if avatar.server_position() != last:
			last = avatar.server_position()
			since = Time.get_ticks_msec()
		await get_tree().process_frame
	return avatar.position.distance_to(avatar.server_position()) / PIXELS


## The player of a name; null if it is not in view.
func named(player_name: String) -> RealmEntity:
	for entity: RealmEntity in world.entities():
		if entity.kind == &"player" and entity.display_name == player_name:
			return entity
	return null


## Asks for something that only the test can do which has started this.
func wish(what: String) -> void:
	print("> ", what)


## Walks in each direction for a while, and fails where picture and server differ after a stop.
func walk_about(walks: Array[Vector2], tolerance: float) -> String:
	var worst := 0.0
	var walked := 0.0
	for direction: Vector2 in walks:
		var before := where()
		world.avatar().walk(direction)
		await get_tree().create_timer(0.75).timeout
		world.avatar().walk(Vector2.ZERO)
		worst = maxf(worst, await error_after_stop())
		walked += before.distance_to(where())
	var what := (
		"walked %.2f tiles in %d walks, off by %.3f at worst" % [walked, walks.size(), worst]
	)
	if worst > tolerance or walked < 2.0:
		fail(what)
	return what


## The nearest living thing of a kind; null if there is none in view.
func nearest(kind: StringName) -> RealmEntity:
	var best: RealmEntity = null
	for entity: RealmEntity in world.entities():
		if entity.kind != kind or entity.is_own or entity.is_dead():
			continue
		if best == null or where().distance_to(entity.tile) < where().distance_to(best.tile):
			best = entity
	return best


## Ends the play badly.
func fail(what: String) -> void:
	printerr("FAILED: ", what)
	get_tree().quit(1)


func _on_appeared(_entity: RealmEntity, node: Node2D) -> void:
	if node is RealmAvatar:
		var avatar: RealmAvatar = node
		avatar.reads_input = false
