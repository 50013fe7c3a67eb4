extends Control
## What is on the screen beside the world: the own health, the target, the abilities, the chat, and
## the panels that keys open.

const DemoWorld := preload("res://demo/world.gd")
const Keys := preload("res://demo/keys.gd")
const Chat := preload("res://demo/chat.gd")
const Panels := preload("res://demo/panels/panels.gd")
const Look := preload("res://demo/look.gd")
const TOAST_SECONDS := 3.0

var world: DemoWorld
var panels: Panels
var slots: Array[Button] = []

var _own := Label.new()
var _target := Label.new()
var _toast := Label.new()
var _bar := HBoxContainer.new()

@onready var chat: Chat = $Chat


## Begins to show a world.
func begin(of: DemoWorld) -> void:
	world = of
	theme = Look.theme()
	chat.begin(world.client)
	for label: Label in [_own, _target, _toast]:
		label.add_theme_stylebox_override(&"normal", Look.box())
		add_child(label)
	_own.position = Vector2(8, 8)
	_target.position = Vector2(260, 8)
	_toast.position = Vector2(400, 60)
	add_child(_bar)
	_bar.set_anchors_and_offsets_preset(Control.PRESET_CENTER_BOTTOM)
	_bar.position = Vector2(400, 590)
	_toast.hide()
	_make_slots()
	panels = Panels.new()
	add_child(panels)
	panels.begin(world.main)
	# What the chat is refused stands in the chat.
	var client := world.client
	for asked: Object in [client, client.bag, client.trade, client.party, client.vendor]:
		asked.connect(&"refused", func(error: RealmError) -> void: toast(error.text))
	world.client.connection_lost.connect(func(_why: String) -> void: toast("Connecting again…"))
	world.client.died.connect(func(_by: int) -> void: panels.ask_to_respawn())
	world.client.level_reached.connect(func(level: int) -> void: toast("Level %d!" % level))


## Whether keys are letters now.
func is_writing() -> bool:
	return get_viewport().gui_get_focus_owner() is LineEdit


## A key that is not of the world.
func press(event: InputEvent) -> void:
	if event.is_action_pressed(&"chat"):
		chat.write()
	else:
		panels.press(event)


## Says something for a moment.
func toast(what: String) -> void:
	_toast.text = what
	_toast.show()
	await get_tree().create_timer(TOAST_SECONDS).timeout
	if _toast.text == what:
		_toast.text = ""
		_toast.hide()


## Shows whom the abilities are for, and what can be done with another player.
func show_target(entity: RealmEntity) -> void:
	panels.show_player(entity if entity != null and entity.kind == &"player" else null)


func _process(_delta: float) -> void:
	if world == null or world.world.avatar() == null:
		return
	var avatar := world.world.avatar()
	_own.text = _line_of(avatar.entity)
	_own.text += (
		"\n%d of %d   %d gold"
		% [avatar.entity.resource, avatar.entity.max_resource, world.client.bag.gold]
	)
	_target.visible = world.target != null
	_target.text = _line_of(world.target) if world.target != null else ""
	for slot: int in slots.size():
		var left := avatar.ready_in(slot)
		slots[slot].text = "%d" % (slot + 1) if left <= 0.0 else "%.1f" % left
		slots[slot].disabled = avatar.why_not(slot) != &""


func _line_of(entity: RealmEntity) -> String:
	var level := "  %d" % entity.level if entity.level > 0 else ""
	if entity.max_health == 0:
		return entity.display_name
	return "%s%s\n%d / %d" % [entity.display_name, level, entity.health, entity.max_health]


func _make_slots() -> void:
	for slot: int in Keys.SLOTS:
		var ability := world.client.ability_on_slot(slot)
		if ability == null:
			continue
		var button := Button.new()
		button.focus_mode = Control.FOCUS_NONE
		button.tooltip_text = ability.display_name
		button.pressed.connect(world.use.bind(slot))
		_bar.add_child(button)
		slots.append(button)
		button.icon = await world.main.pictures.texture("pictures/abilities/%s.png" % ability.id)
