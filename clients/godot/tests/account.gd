extends SceneTree
## Plays: a device makes an account, which has a profile, is found, and plays; its log-in is made
## new when it has grown old. What the services refuse comes as typed errors.
## Arguments: the server's address.

const Player := preload("res://tests/player.gd")
## The life of a token on this server, and a little more.
const TOKEN_SECONDS := 5.0
const NOBODY := "00000000-0000-7000-8000-000000000000"

var player: Player = Player.new()
var account: RealmAccount = RealmAccount.new()


func _initialize() -> void:
	play()


func play() -> void:
	root.add_child(account)
	await fails(account.me, &"NO_CLIENT", RealmError.MISUSED)
	root.add_child(player)
	player.client.server = OS.get_cmdline_user_args()[0]
	account.client = player.client
	await fails(account.me, &"NOT_LOGGED_IN", RealmError.LOGGED_OUT)
	await fails(
		account.log_in_by_device.bind(""), &"UNABLE_TO_CREATE_DEVICE_USER", RealmError.REFUSED
	)
	var device := RealmAccount.device_id()
	if device.length() < 32 or RealmAccount.device_id() != device:
		return player.fail("the id of the device is short, or not kept: %s" % device)
	device += str(Time.get_ticks_usec())
	var id: String = await player.done(account.log_in_by_device(device))
	await profile(id)
	await ways(device, id)
	await plays()
	await player.done(account.delete_account())
	await fails(account.me, &"NOT_LOGGED_IN", RealmError.LOGGED_OUT)
	await fails(account.user.bind(id), &"NOT_FOUND", RealmError.REFUSED)
	print("by device: a profile, found, played, linked anew, and gone")
	quit(0)


func profile(id: String) -> void:
	await create_timer(TOKEN_SECONDS).timeout
	var me: RealmProfile = await player.done(account.me())
	if me.id != id or me.username.is_empty() or me.has_password or me.metadata != "{}":
		player.fail("a newcomer is %s %s" % [me.id, me.username])
	var name := "godot-%d" % OS.get_process_id()
	await player.done(account.set_username(name))
	await player.done(account.set_display_name("Gizmo"))
	await fails(account.set_username.bind("no name!"), &"INVALID_DATA", RealmError.REFUSED)
	await fails(account.set_display_name.bind("x".repeat(81)), &"INVALID_DATA", RealmError.REFUSED)
	await fails(account.user.bind(NOBODY), &"NOT_FOUND", RealmError.REFUSED)
	var found: Dictionary = await player.done(account.find_users("gizm", 1))
	var users: Array = found["users"]
	var first: RealmProfile = users[0] if users.size() == 1 else RealmProfile.new()
	if first.username != name or first.display_name != "Gizmo" or found["has_more"] != false:
		player.fail("it is not found: %s" % [found])
	var other: RealmProfile = await player.done(account.user(id))
	if other.username != name:
		player.fail("its profile is of %s" % other.username)


func ways(device: String, id: String) -> void:
	await fails(
		account.unlink_device,
		&"CANNOT_UNLINK_DEVICE_ID_WHEN_IT_S_YOUR_LAST_AUTHENTICATION_METHOD",
		RealmError.REFUSED
	)
	await fails(account.set_password.bind("short", ""), &"INVALID_DATA", RealmError.REFUSED)
	await player.done(account.set_password("correct horse battery", ""))
	await fails(account.me, &"NOT_LOGGED_IN", RealmError.LOGGED_OUT)
	await player.done(account.log_in_by_device(device))
	await fails(
		account.set_password.bind("another horse battery", "wrong"),
		&"INVALID_CURRENT_PASSWORD",
		RealmError.REFUSED
	)
	await player.done(account.unlink_device())
	await player.done(account.link_device(device))
	if await player.done(account.log_in_by_device(device)) != id:
		player.fail("the device opens another account")


## The account has characters and a world.
func plays() -> void:
	var classes: Array = await player.done(player.client.list_classes())
	var chosen: RealmCharacterClass = classes[0]
	var character: RealmCharacter = await player.done(
		player.client.create_character("Gadget", chosen.id)
	)
	await player.enter_world(character.id)
	var me: RealmProfile = await player.done(account.me())
	if not me.is_online:
		player.fail("it is in the world, and its profile says that it is not")
	await player.done(player.client.leave_world())


## A call fails with a code and of a kind.
func fails(ask: Callable, code: StringName, kind: int) -> void:
	var call: RealmCall = await ask.call().finished
	if call.error == null or call.error.code != code or call.error.kind != kind:
		var got := (
			"success" if call.error == null else "%s (%d)" % [call.error.code, call.error.kind]
		)
		player.fail("%s (%d) expected, not %s" % [code, kind, got])
	elif call.error.text.is_empty() or call.error.advice.is_empty():
		player.fail("%s says too little" % code)
