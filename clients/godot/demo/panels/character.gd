extends "res://demo/panels/panel.gd"
## The character: level, experience, and what it wears.


func title() -> String:
	return "Level %d, %d experience" % [client.bag.level, client.bag.experience]


func listen() -> void:
	client.bag.changed.connect(refresh)


func fill() -> void:
	if client.bag.worn().is_empty():
		label(rows, "Nothing is worn")
	for item: RealmItem in client.bag.worn():
		button(item_row(item.definition, item.display_name), "Take off", _take_off.bind(item.id))


func _take_off(item_id: String) -> void:
	client.bag.unequip(item_id)
