extends "res://demo/panels/panel.gd"
## The bag: what is carried, and what can be done with it. While a trade or a vendor's panel is
## open, its items go there.


func title() -> String:
	return (
		"Bag: %d of %d, %d gold" % [client.bag.carried().size(), client.bag.slots, client.bag.gold]
	)


func listen() -> void:
	client.bag.changed.connect(refresh)


func fill() -> void:
	for item: RealmItem in client.bag.carried():
		var at := item_row(item.definition, item.display_name)
		if item.worn_slot >= 0:
			button(at, "Wear", client.bag.equip.bind(item.id))
		if item.is_consumable:
			button(at, "Use", client.bag.use_item.bind(item.id))
		button(at, "Drop", client.bag.drop_item.bind(item.id))
