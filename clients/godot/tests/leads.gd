extends SceneTree
## Plays the first of two clients, each in a Godot of its own, with a player of the page and bots
## around: they see each other, talk, whisper and trade; this one fights a mob to its death, loots,
## travels, and loses its line for three seconds. follows.gd is the other.
## Arguments: the server's address, who this is, who follows, who is at the page, and where packets
## go.

const Player := preload("res://tests/player.gd")
const WALKS: Array[Vector2] = [Vector2.RIGHT, Vector2.LEFT, Vector2(0.4, 1), Vector2(-0.4, -1)]
const TOLERANCE := 0.1
## On the small maps of tests/tests/realms/page/maps: where rabbits live, and the way from there
## to the portal, far from the boar.
const MEADOW := Vector2(15, 3)
const BEFORE_THE_PORTAL := Vector2(36, 2)
const PORTAL := Vector2(39.3, 2)
const NEXT_MAP := 2
## Who is refused at the portal steps in again after so long.
const THROUGH_MS := 6000
## The server has been silent for so long when a line is taken to be down.
const SILENCE_MS := 1000

var ada: Player = Player.new()
var has_seen_a_bot := false
var follower := ""
## Everybody who is no bot.
var people: PackedStringArray = []


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	follower = arguments[2]
	people = [arguments[1], follower, arguments[3]]
	root.add_child(ada)
	ada.world.appeared.connect(_on_appeared)
	await ada.enter(arguments[0], arguments[1], arguments[4])
	for other: String in [follower, arguments[3]]:
		var is_there := func() -> bool: return ada.named(other) != null
		await ada.until(is_there, 180.0, "%s is in view" % other)
	await talk(arguments[3])
	await trade()
	print(await ada.walk_about(WALKS, TOLERANCE))
	await fight()
	await travel()
	await lose_the_line()
	ada.client.chat.whisper(follower, "that was all")
	if not has_seen_a_bot:
		ada.fail("no bot has been in view")
	await ada.done(ada.client.leave_world())
	quit(0)


func _on_appeared(entity: RealmEntity, _node: Node2D) -> void:
	var is_other := entity.kind == &"player" and not entity.is_own
	has_seen_a_bot = has_seen_a_bot or is_other and entity.display_name not in people


func talk(at_the_page: String) -> void:
	ada.client.chat.say("hello from Godot")
	await hears("channel %s: hello from the page" % at_the_page)
	ada.client.chat.whisper(follower, "behind you")
	await hears("whisper %s: where?" % follower)
	print("they see each other, talk and whisper")


func hears(line: String) -> void:
	await ada.until(func() -> bool: return line in ada.heard, 120.0, line)


func trade() -> void:
	await ada.walk_near(ada.named(follower).tile, 1.5)
	ada.client.trade.request(ada.named(follower).id)
	var trades := func() -> bool: return ada.client.trade.with_entity != 0
	await ada.until(trades, 10.0, "they trade")
	var ended: Array[StringName] = []
	ada.client.trade.ended.connect(func(how: StringName) -> void: ended.append(how))
	var item: RealmItem = ada.client.bag.carried()[0]
	ada.client.trade.offer([item.id], 0)
	var confirmed := func() -> bool: return ada.client.trade.they_have_confirmed
	await ada.until(confirmed, 10.0, "the other has confirmed")
	ada.client.trade.confirm()
	await ada.until(func() -> bool: return not ended.is_empty(), 10.0, "the trade ends")
	if ended[0] != &"done":
		ada.fail("the trade ended: %s" % ended[0])
	print("trades %s: %s" % [item.display_name, ended[0]])


func fight() -> void:
	var killed: Array[int] = []
	ada.client.killed.connect(func(entity: int) -> void: killed.append(entity))
	ada.client.died.connect(func(_by: int) -> void: ada.client.respawn())
	await ada.walk_near(MEADOW, 1.0)
	var late := Time.get_ticks_msec() + 240_000
	while not await loot():
		if Time.get_ticks_msec() > late:
			ada.fail("%d killed and no loot: %s" % [killed.size(), ada.refusals])
			return
		var before := killed.size()
		while killed.size() == before and Time.get_ticks_msec() < late:
			var mob := ada.nearest(&"mob")
			if mob != null:
				strike(mob)
			elif ada.where().distance_to(MEADOW) > 1.0:
				ada.world.avatar().walk(MEADOW - ada.where())
			await process_frame
		ada.world.avatar().walk(Vector2.ZERO)
		# What it leaves is shown when the store has it.
		await create_timer(1.0).timeout
	print("%d killed; experience: %d" % [killed.size(), ada.client.bag.experience])


func strike(mob: RealmEntity) -> void:
	var avatar := ada.world.avatar()
	var way := mob.tile - ada.where()
	avatar.walk(way if way.length() > 1.2 else Vector2.ZERO)
	if way.length() > 1.8 or avatar.why_not(0) != &"":
		return
	var ability := ada.client.ability_on_slot(0)
	match ability.shape:
		&"enemy", &"projectile":
			avatar.use_ability_on(0, mob.id)
		&"cone":
			avatar.use_ability_towards(0, way)
		&"ground":
			avatar.use_ability_at(0, mob.tile * Player.PIXELS)
		_:
			avatar.use_ability(0)


## Picks up what lies there. Whether it did.
func loot() -> bool:
	var thing := ada.nearest(&"item")
	if thing == null:
		thing = ada.nearest(&"gold")
	if thing == null:
		return false
	var changed: Array[bool] = []
	ada.client.bag.changed.connect(func() -> void: changed.append(true))
	await ada.walk_near(thing.tile, 1.0)
	ada.client.pick_up(thing.id)
	var late := Time.get_ticks_msec() + 10_000
	while changed.is_empty() and Time.get_ticks_msec() < late:
		# A bot may have been faster, or it is the bot's for now: the next one.
		if ada.world.entity(thing.id) == null or &"NOT_YOURS" in ada.refusals:
			ada.refusals.clear()
			return false
		await process_frame
	print("looted: %s %s" % [thing.kind, thing.display_name])
	return not changed.is_empty()


func travel() -> void:
	var late := Time.get_ticks_msec() + 180_000
	while ada.client.map_id() != NEXT_MAP:
		if Time.get_ticks_msec() > late:
			ada.fail("no way to map %d; it is at %s: %s" % [NEXT_MAP, ada.where(), ada.refusals])
			return
		await ada.walk_near(BEFORE_THE_PORTAL, 1.0)
		var again := Time.get_ticks_msec() + THROUGH_MS
		while ada.client.map_id() != NEXT_MAP and Time.get_ticks_msec() < again:
			if ada.world.avatar() != null:
				ada.world.avatar().walk(PORTAL - ada.where())
			await process_frame
	await ada.until(
		func() -> bool: return ada.world.avatar() != null, 10.0, "it is on the next map"
	)
	ada.world.avatar().walk(Vector2.ZERO)
	print("on map %d" % ada.client.map_id())


## Walks to and fro, so that the server has news of it all the time but when the line is down.
func lose_the_line() -> void:
	ada.wish("down")
	var began := Time.get_ticks_msec()
	var last := Vector2.ZERO
	var news := began
	var longest := 0
	while true:
		await process_frame
		var now := Time.get_ticks_msec()
		if now > began + 30_000:
			ada.fail("%d ms of silence at most within 30 s" % longest)
			return
		var avatar := ada.world.avatar()
		if avatar == null:
			continue
		avatar.walk(Vector2.RIGHT if (now / 700) % 2 == 0 else Vector2.LEFT)
		if avatar.server_position() == last:
			continue
		longest = maxi(longest, now - news)
		last = avatar.server_position()
		news = now
		if longest > SILENCE_MS:
			break
	ada.world.avatar().walk(Vector2.ZERO)
	var off := await ada.error_after_stop()
	if off > TOLERANCE:
		ada.fail("off by %.3f tiles after the silence" % off)
	print("silence for %d ms, and back: off by %.3f tiles" % [longest, off])
