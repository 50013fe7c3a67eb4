extends RefCounted
## The same keys as the page has: clients/page/src/settings.js and src/controls/keys.js.

const KEYS: Dictionary[StringName, Array] = {
	&"ui_up": [KEY_W, KEY_UP],
	&"ui_left": [KEY_A, KEY_LEFT],
	&"ui_down": [KEY_S, KEY_DOWN],
	&"ui_right": [KEY_D, KEY_RIGHT],
	&"slot1": [KEY_1],
	&"slot2": [KEY_2],
	&"slot3": [KEY_3],
	&"slot4": [KEY_4],
	&"slot5": [KEY_5],
	&"slot6": [KEY_6],
	&"slot7": [KEY_7],
	&"slot8": [KEY_8],
	&"next": [KEY_TAB],
	&"interact": [KEY_F],
	&"chat": [KEY_ENTER, KEY_KP_ENTER],
	&"bag": [KEY_B, KEY_I],
	&"character": [KEY_C],
	&"party": [KEY_P],
	&"map": [KEY_M],
	&"social": [KEY_O],
	&"settings": [KEY_ESCAPE],
}
## How many slots for abilities there are.
const SLOTS := 8


## Teaches Godot's input map all of them, by where a key lies.
static func learn() -> void:
	for action: StringName in KEYS:
		if not InputMap.has_action(action):
			InputMap.add_action(action)
		InputMap.action_erase_events(action)
		for key: Key in KEYS[action]:
			var event := InputEventKey.new()
			event.physical_keycode = key
			InputMap.action_add_event(action, event)


## The key of an action, in words.
static func word(action: StringName) -> String:
	var keys: Array = KEYS[action]
	var key: Key = keys[0]
	return OS.get_keycode_string(key)
