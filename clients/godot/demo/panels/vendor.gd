extends "res://demo/panels/panel.gd"
## A vendor: what it sells, what it pays for what is carried, and what can be bought back.

var vendor_id := 0
var sells: Dictionary = {}
var buys: Dictionary = {}
var sold: Array[Dictionary] = []


func title() -> String:
	return "Vendor: you have %d gold" % client.bag.gold


func listen() -> void:
	client.vendor.stock_listed.connect(_on_listed)
	client.vendor.sold_listed.connect(_on_sold_listed)
	client.bag.changed.connect(refresh)


func _on_listed(vendor: int, its: Dictionary, pays: Dictionary) -> void:
	vendor_id = vendor
	sells = its
	buys = pays
	show()
	refresh()


func _on_sold_listed(vendor: int, sales: Array[Dictionary]) -> void:
	if vendor != vendor_id:
		return
	sold = sales
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
	if sold.is_empty():
		return
	label(rows, "Sold")
	for sale: Dictionary in sold:
		var definition: String = sale.definition
		var price: int = sale.price
		var text := "%s, %d gold" % [definition.capitalize(), price]
		var buy_back := client.vendor.buy_back.bind(vendor_id, sale.item_id, price)
		button(item_row(definition, text), "Buy back", buy_back)
