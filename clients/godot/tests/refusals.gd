extends SceneTree
## Plays: everything that a script can be refused is refused, and each refusal comes as a typed
## error from where it was asked.
## Arguments: the server's address.

const Player := preload("res://tests/player.gd")
const NOBODY := 999_999
const NO_ITEM := "00000000-0000-7000-8000-000000000000"

var player: Player = Player.new()
## What each part has been refused since it was last looked at, and how often that was told.
var told: Dictionary[StringName, RealmError] = {}
var times := 0
var asked := 0
var failed := 0


func _initialize() -> void:
	play()


func play() -> void:
	root.add_child(player)
	var client := player.client
	for part: StringName in [&"chat", &"bag", &"trade", &"party", &"vendor"]:
		var asks: Object = client.get(part)
		asks.connect(&"refused", _on_refused.bind(part))
	client.refused.connect(_on_refused.bind(&"client"))
	client.server = OS.get_cmdline_user_args()[0]
	await refuse(&"NOT_IN_WORLD", &"chat", func() -> void: client.chat.say("too early"))
	await fails(&"NOT_LOGGED_IN", RealmError.LOGGED_OUT, client.list_characters)
	await calls()
	await player.enter(client.server, "Refused")
	await requests()
	var characters: Array = await player.done(client.list_characters())
	var own: RealmCharacter = characters[0]
	await fails(
		&"IN_WORLD_ALREADY",
		RealmError.MISUSED,
		func() -> RealmCall: return client.enter_world(own.id)
	)
	await fails(
		&"CHARACTER_IN_WORLD",
		RealmError.REFUSED,
		func() -> RealmCall: return client.delete_character(own.id)
	)
	await player.done(client.leave_world())
	print("%d requests and calls that must be refused" % asked)
	quit(1 if failed > 0 else 0)


func _on_refused(error: RealmError, part: StringName) -> void:
	told[part] = error
	times += 1


## Calls of the account.
func calls() -> void:
	var client := player.client
	var password := "correct horse battery"
	await player.done(client.register("Taken", password))
	var rows: Array[Array] = [
		[&"USERNAME_TAKEN", RealmError.REFUSED, client.register.bind("Taken", password)],
		[&"VALIDATION_FAILED", RealmError.REFUSED, client.register.bind("Short", "x")],
		[
			&"INVALID_CREDENTIALS",
			RealmError.REFUSED,
			client.log_in.bind("Taken", "wrong horse battery")
		],
		[
			&"VALIDATION_FAILED",
			RealmError.REFUSED,
			client.create_character.bind("Taken", "no class")
		],
		[&"CHARACTER_NOT_FOUND", RealmError.REFUSED, client.delete_character.bind(NO_ITEM)],
		[&"CHARACTER_NOT_FOUND", RealmError.REFUSED, client.restore_character.bind(NO_ITEM)],
		[&"CHARACTER_NOT_FOUND", RealmError.REFUSED, client.enter_world.bind(NO_ITEM)],
	]
	for row: Array in rows:
		var code: StringName = row[0]
		var kind: int = row[1]
		var call: Callable = row[2]
		await fails(code, kind, call)


## Requests to the world, by the part that they are of.
func requests() -> void:
	var client := player.client
	var rows: Array[Array] = [
		[&"BAD_TEXT", &"chat", client.chat.say.bind("")],
		[&"NOT_ONLINE", &"chat", client.chat.whisper.bind("Nobody at all", "hello?")],
		[&"NOT_FOUND", &"chat", client.chat.say_to_party.bind("alone")],
		[&"NOT_FOUND", &"bag", client.bag.equip.bind(NO_ITEM)],
		[&"NOT_FOUND", &"bag", client.bag.unequip.bind(NO_ITEM)],
		[&"NOT_FOUND", &"bag", client.bag.use_item.bind(NO_ITEM)],
		[&"NOT_FOUND", &"bag", client.bag.drop_item.bind(NO_ITEM)],
		[&"BAD_ARGUMENT", &"bag", client.bag.equip.bind("no id")],
		[&"NOT_FOUND", &"trade", client.trade.request.bind(NOBODY)],
		[&"NO_TRADE", &"trade", client.trade.answer.bind(true)],
		[&"NO_TRADE", &"trade", client.trade.offer.bind([], 0)],
		[&"BAD_ARGUMENT", &"trade", client.trade.offer.bind(["no id"], 0)],
		[&"BAD_ARGUMENT", &"trade", client.trade.offer.bind([], -1)],
		[&"NO_TRADE", &"trade", client.trade.confirm],
		[&"NO_TRADE", &"trade", client.trade.cancel],
		[&"NOT_ONLINE", &"party", client.party.invite.bind("Nobody at all")],
		[&"NOT_FOUND", &"party", client.party.answer.bind(true)],
		[&"NOT_FOUND", &"party", client.party.leave],
		[&"NOT_FOUND", &"vendor", client.vendor.list_stock.bind(NOBODY)],
		[&"NOT_FOUND", &"vendor", client.vendor.buy.bind(NOBODY, &"iron_sword", 1)],
		[&"BAD_ARGUMENT", &"vendor", client.vendor.buy.bind(NOBODY, &"iron_sword", -1)],
		[&"NOT_FOUND", &"vendor", client.vendor.sell.bind(NOBODY, NO_ITEM)],
		[&"BAD_ARGUMENT", &"vendor", client.vendor.sell.bind(NOBODY, "no id")],
		[&"NOT_FOUND", &"vendor", client.vendor.buy_back.bind(NOBODY, NO_ITEM, 1)],
		[&"BAD_ARGUMENT", &"vendor", client.vendor.buy_back.bind(NOBODY, NO_ITEM, -1)],
		[&"NOT_DEAD", &"client", client.respawn],
		[&"NOT_FOUND", &"client", client.pick_up.bind(NOBODY)],
		[&"NO_SUCH_CHANNEL", &"client", client.switch_channel.bind(99)],
		[&"IN_SAFE_ZONE", &"client", player.world.avatar().use_ability.bind(0)],
	]
	for row: Array in rows:
		var code: StringName = row[0]
		var part: StringName = row[1]
		var request: Callable = row[2]
		await refuse(code, part, request)


## Asks for something; who was asked tells of its refusal, and nobody else.
func refuse(code: StringName, part: StringName, request: Callable) -> void:
	told.clear()
	times = 0
	asked += 1
	request.call()
	var late := Time.get_ticks_msec() + 10_000
	while told.is_empty() and Time.get_ticks_msec() < late:
		await process_frame
	# What else this frame tells of it would come too.
	await process_frame
	var error: RealmError = told.get(part)
	if error == null or error.code != code or times != 1:
		failed += 1
		var said := func(by: StringName) -> String: return "%s %s" % [by, told[by].code]
		printerr("FAILED: %s of %s expected, not %s" % [code, part, told.keys().map(said)])
	elif error.slot != (0 if code == &"IN_SAFE_ZONE" else -1):
		failed += 1
		printerr("FAILED: %s names the slot %d" % [code, error.slot])
	elif error.text.is_empty() or error.advice.is_empty() or error.request.is_empty():
		failed += 1
		printerr("FAILED: %s says too little" % code)


## Calls; it fails with a code and of a kind.
func fails(code: StringName, kind: int, ask: Callable) -> void:
	asked += 1
	var call: RealmCall = await ask.call().finished
	if call.error == null or call.error.code != code or call.error.kind != kind:
		failed += 1
		var got := (
			"success" if call.error == null else "%s (%d)" % [call.error.code, call.error.kind]
		)
		printerr("FAILED: %s (%d) expected, not %s" % [code, kind, got])
