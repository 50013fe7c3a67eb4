extends "res://demo/panels/panel.gd"
## The map: its places, who is in view, and the channels.

const SIDE_PX := 256.0
const COLOURS: Dictionary[String, Color] = {
	"portal": Color.MEDIUM_PURPLE,
	"safe_zone": Color.SEA_GREEN,
	"vendor": Color.GOLDENROD,
	"mobs": Color.INDIAN_RED,
}

var channels: Array = []


func title() -> String:
	return "Map %d, channel %d" % [client.map_id(), client.channel()]


func listen() -> void:
	client.entered.connect(refresh)
	client.channels_listed.connect(_on_listed)


func fill() -> void:
	var board := Control.new()
	board.custom_minimum_size = Vector2(SIDE_PX, SIDE_PX)
	board.draw.connect(_draw_on.bind(board))
	rows.add_child(board)
	button(rows, "List the channels", client.list_channels)
	for channel: Dictionary in channels:
		var text := "Channel %d: %d of %d" % [channel.channel, channel.players, channel.capacity]
		button(rows, text, client.switch_channel.bind(channel.channel))


func _process(_delta: float) -> void:
	if visible and rows.get_child_count() > 1:
		var board: Control = rows.get_child(1)
		board.queue_redraw()


func _on_listed(listed: Array[Dictionary]) -> void:
	channels = listed
	refresh()


## The longer side of the map that is drawn, in tiles; 0 while there is none.
func _side_tiles() -> int:
	var side := 0
	var map: Node = main.scene.get_node_or_null(^"RealmMap")
	if map == null:
		return side
	for layer: Node in map.get_children():
		if layer is TileMapLayer:
			var tiles: TileMapLayer = layer
			var used := tiles.get_used_rect().end
			side = maxi(side, maxi(used.x, used.y))
	return side


func _draw_on(board: Control) -> void:
	board.draw_rect(Rect2(0, 0, SIDE_PX, SIDE_PX), Color(0.1, 0.14, 0.1))
	var tiles := _side_tiles()
	if tiles == 0:
		return
	var scaled := SIDE_PX / tiles
	for place: Dictionary in client.places():
		var rect: Rect2 = place.rect
		var colour: Color = COLOURS.get(place.kind, Color.WHITE)
		board.draw_rect(Rect2(rect.position * scaled, rect.size * scaled), Color(colour, 0.5))
	var world: RealmWorld = main.scene.get_node_or_null(^"RealmWorld")
	if world == null:
		return
	for entity: RealmEntity in world.entities():
		var colour := Color.GOLD if entity.is_own else Color.WHITE
		board.draw_circle(entity.tile * scaled, 2.5 if entity.is_own else 1.5, colour)
