@tool
extends EditorPlugin
## Puts the add-on's settings into Project Settings, each with its default.

const SETTINGS: Dictionary[String, Variant] = {
	"realmgate/server/address": "http://127.0.0.1:3000",
	"realmgate/world/pixels_per_tile": 32.0,
}


func _enter_tree() -> void:
	for setting: String in SETTINGS:
		if not ProjectSettings.has_setting(setting):
			ProjectSettings.set_setting(setting, SETTINGS[setting])
		ProjectSettings.set_initial_value(setting, SETTINGS[setting])
		ProjectSettings.set_as_basic(setting, true)
