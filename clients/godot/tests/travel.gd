extends SceneTree
## Plays: one client walks into the portal at the end of the road, and is on the next map.
## The ground is drawn on both.
## Arguments: the server's address.

const Player := preload("res://tests/player.gd")
const PORTAL := Vector2(62, 32)
const NEXT_MAP := 2


func _initialize() -> void:
	play()


func play() -> void:
	var player: Player = Player.new()
	root.add_child(player)
	var map := RealmMap.new()
	map.client = player.client
	root.add_child(map)
	var errors: Array[RealmError] = []
	map.failed.connect(func(error: RealmError) -> void: errors.append(error))
	await player.enter(OS.get_cmdline_user_args()[0], "Wanderer")
	var is_drawn := func() -> bool:
		return map.map_id == player.client.map_id() or not errors.is_empty()
	await player.until(is_drawn, 10.0, "the map is drawn")
	if not errors.is_empty():
		player.fail(errors[0].text)
		return
	print("map %d has layers %s" % [map.map_id, layers(map)])
	while player.client.map_id() != NEXT_MAP:
		if player.world.avatar() != null:
			player.world.avatar().walk(PORTAL - player.where())
		await process_frame
	await player.until(is_drawn, 10.0, "the next map is drawn")
	print("map %d has layers %s" % [map.map_id, layers(map)])
	await player.done(player.client.leave_world())
	quit(0)


func layers(map: RealmMap) -> Array[String]:
	var names: Array[String] = []
	for layer: Node in map.get_children():
		if layer is TileMapLayer and not layer.is_queued_for_deletion():
			var tiles: TileMapLayer = layer
			names.append("%s (%d tiles)" % [tiles.name, tiles.get_used_cells().size()])
	return names
