extends "res://demo/panels/panel.gd"
## A vendor: what it sells, and what it pays for what is carried.

var vendor_id := 0
var sells: Dictionary = {}
var buys: Dictionary = {}


func title() -> String:
	return "Vendor: you have %d gold" % client.bag.gold


func listen() -> void:
	client.vendor.stock_listed.connect(_on_listed)
	client.bag.changed.connect(refresh)


func _on_listed(vendor: int, its: Dictionary, pays: Dictionary) -> void:
	vendor_id = vendor
	sells = its
	buys = pays
	show()
	refresh()


func fill() -> void:
	for definition: String in sells:
		var price: int = sells[definition]
		var text := "%s, %d gold" % [definition.capitalize(), price]
		button(
			item_row(definition, text), "Buy", client.vendor.buy.bind(vendor_id, definition, price)
		)
	label(rows, "It buys")
	for item: RealmItem in client.bag.carried():
		if not buys.has(String(item.definition)):
			continue
		var text := "%s, %d gold" % [item.display_name, buys[String(item.definition)]]
		button(item_row(item.definition, text), "Sell", client.vendor.sell.bind(vendor_id, item.id))
