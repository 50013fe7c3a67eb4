extends "res://demo/panels/panel.gd"
## A trade: both offers, and the own items that can be offered.


func title() -> String:
	return "Trade"


func listen() -> void:
	client.trade.changed.connect(_on_changed)
	client.trade.ended.connect(func(_how: StringName) -> void: hide())


func _on_changed() -> void:
	show()
	refresh()


func fill() -> void:
	label(rows, "They offer %d gold%s" % [client.trade.their_gold, _mark(_they_have())])
	for item: RealmItem in client.trade.their_items:
		item_row(item.definition, item.display_name)
	var mine := client.trade.my_items
	label(rows, "You offer %d gold%s" % [client.trade.my_gold, _mark(client.trade.have_confirmed)])
	for item: RealmItem in mine:
		button(item_row(item.definition, item.display_name), "Back", _offer.bind(item.id, false))
	label(rows, "Your bag")
	for item: RealmItem in client.bag.carried():
		var is_offered := func(other: RealmItem) -> bool: return other.id == item.id
		if not mine.any(is_offered):
			button(
				item_row(item.definition, item.display_name), "Offer", _offer.bind(item.id, true)
			)
	var gold := SpinBox.new()
	gold.max_value = client.bag.gold
	gold.value = client.trade.my_gold
	rows.add_child(gold)
	button(rows, "Offer this gold", func() -> void: client.trade.offer(_ids(), int(gold.value)))
	var last := row()
	button(last, "Confirm", client.trade.confirm)
	button(last, "Cancel", client.trade.cancel)


func _they_have() -> bool:
	return client.trade.they_have_confirmed


func _mark(has_confirmed: bool) -> String:
	return " (confirmed)" if has_confirmed else ""


func _ids() -> PackedStringArray:
	var ids := PackedStringArray()
	for item: RealmItem in client.trade.my_items:
		ids.append(item.id)
	return ids


func _offer(item_id: String, is_offered: bool) -> void:
	var ids := _ids()
	if is_offered:
		ids.append(item_id)
	else:
		ids.remove_at(ids.find(item_id))
	client.trade.offer(ids, client.trade.my_gold)
