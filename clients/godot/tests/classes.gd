extends SceneTree
## Shows that the extension is loaded: every class of it, and that errors are typed without a
## server.

const CLASSES: Array[StringName] = [
	&"RealmClient",
	&"RealmCall",
	&"RealmError",
	&"RealmWorld",
	&"RealmEntity",
	&"RealmAvatar",
	&"RealmPuppet",
	&"RealmChat",
	&"RealmBag",
	&"RealmTrade",
	&"RealmParty",
	&"RealmVendor",
	&"RealmAccount",
	&"RealmProfile",
	&"RealmCharacter",
	&"RealmCharacterClass",
	&"RealmItem",
	&"RealmAbility",
	&"RealmPartyMember"
]


func _initialize() -> void:
	play()


func play() -> void:
	for name: StringName in CLASSES:
		if not ClassDB.class_exists(name):
			printerr("FAILED: there is no class ", name)
			quit(1)
			return
	var client := RealmClient.new()
	root.add_child(client)
	client.server = "http://127.0.0.1:1"
	var call: RealmCall = await client.log_in("ada", "correct horse battery").finished
	if call.error == null or call.error.kind != RealmError.UNREACHABLE:
		printerr("FAILED: nobody is there, and the call says ", call.error)
		quit(1)
		return
	print("%d classes; %s: %s" % [CLASSES.size(), call.error.code, call.error.advice])
	quit(0)
