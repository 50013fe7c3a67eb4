extends RefCounted
## The colours of the page (clients/page/css/base.css), for panels, forms and what stands over the
## world.

const INK := Color("0c0f14")
const GROUND := Color("141a22f2")
const RAISED := Color("2a3542")
const HOVERED := Color("3d4b5c")
const TEXT := Color("ece5d3")
const QUIET := Color("b4ab97")
const GOLD := Color("e5b95c")
const EDGE := Color("8b6428")
const HEALTH := Color("cf4436")
const EDGE_PX := 2
const MARGIN_PX := 8.0

static var _theme: Theme = null


## A box with an edge, for panels.
static func box(ground: Color = GROUND, edge: Color = EDGE) -> StyleBoxFlat:
	var made := StyleBoxFlat.new()
	made.bg_color = ground
	made.border_color = edge
	made.set_border_width_all(EDGE_PX)
	made.set_corner_radius_all(4)
	made.set_content_margin_all(MARGIN_PX)
	return made


## A box that is filled, for bars.
static func filled(colour: Color) -> StyleBoxFlat:
	var made := StyleBoxFlat.new()
	made.bg_color = colour
	return made


## How all of the demo looks.
static func theme() -> Theme:
	if _theme == null:
		_theme = _made()
	return _theme


static func _made() -> Theme:
	var made := Theme.new()
	for control: StringName in [&"Button", &"OptionButton"]:
		made.set_stylebox(&"normal", control, box(RAISED))
		made.set_stylebox(&"hover", control, box(HOVERED, GOLD))
		made.set_stylebox(&"pressed", control, box(INK, GOLD))
		made.set_stylebox(&"disabled", control, box(INK, RAISED))
		made.set_stylebox(&"focus", control, box(Color.TRANSPARENT, GOLD))
		made.set_color(&"font_color", control, TEXT)
		made.set_color(&"font_disabled_color", control, QUIET)
	made.set_stylebox(&"normal", &"LineEdit", box(INK))
	made.set_stylebox(&"focus", &"LineEdit", box(Color.TRANSPARENT, GOLD))
	made.set_color(&"font_color", &"LineEdit", TEXT)
	made.set_color(&"font_placeholder_color", &"LineEdit", QUIET)
	made.set_color(&"font_color", &"Label", TEXT)
	made.set_color(&"default_color", &"RichTextLabel", TEXT)
	made.set_stylebox(&"background", &"ProgressBar", filled(INK))
	made.set_stylebox(&"fill", &"ProgressBar", filled(HEALTH))
	made.set_stylebox(&"panel", &"PopupMenu", box())
	return made
