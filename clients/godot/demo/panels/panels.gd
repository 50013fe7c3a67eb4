extends Control
## The panels: which there are, which are open, and what opens by itself.

const Main := preload("res://demo/main.gd")
const DemoPanel := preload("res://demo/panels/panel.gd")
const Bag := preload("res://demo/panels/bag.gd")
const Trade := preload("res://demo/panels/trade.gd")
const Vendor := preload("res://demo/panels/vendor.gd")
const Party := preload("res://demo/panels/party.gd")
const Social := preload("res://demo/panels/social.gd")
const MapPanel := preload("res://demo/panels/map.gd")
const Settings := preload("res://demo/panels/settings.gd")
const Character := preload("res://demo/panels/character.gd")
const Question := preload("res://demo/panels/question.gd")
## Where each is, so that those that are used together lie beside each other.
const PLACES: Dictionary[StringName, Vector2] = {
	&"bag": Vector2(820, 90),
	&"character": Vector2(560, 90),
	&"trade": Vector2(300, 90),
	&"vendor": Vector2(300, 90),
	&"party": Vector2(40, 90),
	&"social": Vector2(40, 260),
	&"map": Vector2(420, 120),
	&"settings": Vector2(440, 120),
}

var main: Main
var panels: Dictionary[StringName, DemoPanel] = {}
var _question := Question.new()


## Makes all of them, closed.
func begin(of: Main) -> void:
	main = of
	set_anchors_and_offsets_preset(Control.PRESET_FULL_RECT)
	mouse_filter = Control.MOUSE_FILTER_IGNORE
	var made: Dictionary[StringName, DemoPanel] = {
		&"bag": Bag.new(),
		&"character": Character.new(),
		&"trade": Trade.new(),
		&"vendor": Vendor.new(),
		&"party": Party.new(),
		&"social": Social.new(),
		&"map": MapPanel.new(),
		&"settings": Settings.new(),
	}
	for panel_name: StringName in made:
		var panel := made[panel_name]
		panel.position = PLACES[panel_name]
		panel.hide()
		add_child(panel)
		panel.begin(main)
		panels[panel_name] = panel
	add_child(_question)
	_question.hide()
	_connect_questions()


## Opens or closes the panel of a key. Escape closes what is open first.
func press(event: InputEvent) -> void:
	for panel_name: StringName in panels:
		if not InputMap.has_action(panel_name) or not event.is_action_pressed(panel_name):
			continue
		if panel_name == &"settings" and _close_all():
			return
		toggle(panel_name)
		get_viewport().set_input_as_handled()
		return


func toggle(panel_name: StringName) -> void:
	var panel := panels[panel_name]
	panel.visible = not panel.visible
	main.sounds.play("interface/open" if panel.visible else "interface/close")
	if panel.visible:
		panel.refresh()


## What can be done with a player who is the target; null for nobody.
func show_player(entity: RealmEntity) -> void:
	if entity == null:
		return
	_question.ask(
		entity.display_name,
		{
			"Trade": main.client.trade.request.bind(entity.id),
			"Invite": main.client.party.invite.bind(entity.display_name),
			"Ignore": main.client.chat.ignore.bind(entity.display_name),
			"Nothing": func() -> void: pass,
		}
	)


func ask_to_respawn() -> void:
	_question.ask("You have died.", {"Return to the safe zone": main.client.respawn})


func _connect_questions() -> void:
	var client := main.client
	client.trade.requested.connect(
		func(_entity: int, from: String) -> void:
			_ask("%s wants to trade." % from, client.trade.answer)
	)
	client.party.invited.connect(
		func(from: String) -> void: _ask("%s invites you." % from, client.party.answer)
	)


func _ask(what: String, answer: Callable) -> void:
	_question.ask(what, {"Accept": answer.bind(true), "Decline": answer.bind(false)})


func _close_all() -> bool:
	var was_open := false
	for panel_name: StringName in panels:
		was_open = was_open or panels[panel_name].visible
		panels[panel_name].hide()
	if was_open:
		main.sounds.play("interface/close")
	return was_open
