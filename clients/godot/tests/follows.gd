extends SceneTree
## Plays the second of two clients: answers what leads.gd does, walks, and waits for its goodbye.
## Arguments: the server's address, who this is, who leads, and who is at the page.

const Player := preload("res://tests/player.gd")
const WALKS: Array[Vector2] = [Vector2.DOWN, Vector2.UP, Vector2(-1, 0.4), Vector2(1, -0.4)]
const TOLERANCE := 0.1

var ben: Player = Player.new()


func _initialize() -> void:
	play()


func play() -> void:
	var arguments := OS.get_cmdline_user_args()
	var leader := arguments[2]
	root.add_child(ben)
	ben.client.trade.requested.connect(
		func(_entity: int, _player_name: String) -> void: ben.client.trade.answer(true)
	)
	await ben.enter(arguments[0], arguments[1])
	await hears("channel %s: hello from the page" % arguments[3])
	await hears("whisper %s: behind you" % leader)
	ben.client.chat.whisper(leader, "where?")
	await trade()
	print(await ben.walk_about(WALKS, TOLERANCE))
	await hears("whisper %s: that was all" % leader)
	await ben.done(ben.client.leave_world())
	quit(0)


func hears(line: String) -> void:
	await ben.until(func() -> bool: return line in ben.heard, 600.0, line)


func trade() -> void:
	var offered := func() -> bool: return ben.client.trade.their_items.size() == 1
	await ben.until(offered, 120.0, "the offer is seen")
	var item: RealmItem = ben.client.trade.their_items[0]
	ben.client.trade.confirm()
	var has_it := func() -> bool:
		return ben.client.bag.carried().any(func(own: RealmItem) -> bool: return own.id == item.id)
	await ben.until(has_it, 30.0, "the item is in the bag")
