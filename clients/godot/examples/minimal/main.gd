extends Node2D
## From nothing to a moving character: makes an account and a character, enters the world, and
## walks by the arrow keys.

@onready var client: RealmClient = $RealmClient
@onready var world: RealmWorld = $RealmWorld


func _ready() -> void:
	world.appeared.connect(_on_appeared)
	client.refused.connect(func(error: RealmError) -> void: print("Refused: ", error.text))
	var player_name := "Godot%d" % Time.get_ticks_usec()
	await done(client.register(player_name, "correct horse battery"))
	var classes: Array = await done(client.list_classes())
	var chosen: RealmCharacterClass = classes[0]
	var character: RealmCharacter = await done(client.create_character(player_name, chosen.id))
	await done(client.enter_world(character.id))
	print("%s is in the world, on map %d" % [player_name, client.map_id()])


func done(call: RealmCall) -> Variant:
	await call.finished
	if call.error != null:
		push_error("%s: %s %s" % [call.error.code, call.error.text, call.error.advice])
		get_tree().quit(1)
	return call.value


func _on_appeared(entity: RealmEntity, node: Node2D) -> void:
	var dot := ColorRect.new()
	dot.size = Vector2(24, 24)
	dot.position = -dot.size / 2
	dot.color = Color.GOLD if entity.is_own else Color.INDIAN_RED
	node.add_child(dot)
	if entity.is_own:
		node.add_child(Camera2D.new())
