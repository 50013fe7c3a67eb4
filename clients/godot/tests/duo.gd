extends SceneTree
## Plays: two clients see each other, whisper, trade, fight a mob to its death, and loot.
## Arguments: the server's address.

const Player := preload("res://tests/player.gd")
## Where rabbits live, north of the town, straight ahead.
const MEADOW := Vector2(32, 18)

var ada: Player = Player.new()
var ben: Player = Player.new()


func _initialize() -> void:
	play()


func play() -> void:
	var server := OS.get_cmdline_user_args()[0]
	for player: Player in [ada, ben]:
		root.add_child(player)
	await ada.enter(server, "Adalbert")
	await ben.enter(server, "Benedict")
	await ada.until(func() -> bool: return ada.nearest(&"player") != null, 5.0, "Ada sees Ben")
	await ben.until(func() -> bool: return ben.nearest(&"player") != null, 5.0, "Ben sees Ada")
	print("they see each other")
	await talk()
	await trade()
	await fight()
	for player: Player in [ada, ben]:
		await player.done(player.client.leave_world())
	quit(0)


func talk() -> void:
	ada.client.chat.whisper("Benedict", "behind you")
	var heard := func() -> bool: return "whisper Adalbert: behind you" in ben.heard
	await ben.until(heard, 5.0, "Ben hears the whisper")
	ben.client.chat.whisper("Nobody at all", "hello?")
	await ben.until(func() -> bool: return not ben.refusals.is_empty(), 5.0, "nobody is there")
	print("they whisper; to nobody: ", ben.refusals)


func trade() -> void:
	var asked: Array[int] = []
	ben.client.trade.requested.connect(
		func(entity: int, _player_name: String) -> void: asked.append(entity)
	)
	ada.client.trade.request(ada.nearest(&"player").id)
	await ben.until(func() -> bool: return not asked.is_empty(), 5.0, "Ben is asked to trade")
	ben.client.trade.answer(true)
	var trades := func() -> bool: return ada.client.trade.with_entity != 0
	await ada.until(trades, 5.0, "they trade")
	var item: RealmItem = ada.client.bag.carried()[0]
	ada.client.trade.offer([item.id], 0)
	var offered := func() -> bool: return ben.client.trade.their_items.size() == 1
	await ben.until(offered, 5.0, "Ben sees the offer")
	var ended: Array[StringName] = []
	ben.client.trade.ended.connect(func(how: StringName) -> void: ended.append(how))
	ben.client.trade.confirm()
	var confirmed := func() -> bool: return ada.client.trade.they_have_confirmed
	await ada.until(confirmed, 5.0, "Ben has confirmed")
	ada.client.trade.confirm()
	await ben.until(func() -> bool: return not ended.is_empty(), 5.0, "the trade ends")
	var has_it := func() -> bool:
		return ben.client.bag.carried().any(func(own: RealmItem) -> bool: return own.id == item.id)
	await ben.until(has_it, 5.0, "Ben has the item")
	print("they trade %s: %s" % [item.display_name, ended[0]])


func fight() -> void:
	var killed: Array[int] = []
	ada.client.killed.connect(func(entity: int) -> void: killed.append(entity))
	await ada.walk_near(MEADOW, 1.0)
	var late := Time.get_ticks_msec() + 150_000
	while not await loot():
		if Time.get_ticks_msec() > late:
			ada.fail("%d killed and no loot within 150 s: %s" % [killed.size(), ada.refusals])
			return
		var before := killed.size()
		while killed.size() == before and Time.get_ticks_msec() < late:
			var mob := ada.nearest(&"mob")
			if mob != null:
				strike(mob)
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
	await ada.until(func() -> bool: return not changed.is_empty(), 10.0, "the bag has it")
	print("looted: %s %s" % [thing.kind, thing.display_name])
	return true
