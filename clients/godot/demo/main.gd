extends Node
## The demo: log-in, character select, world, each a scene of its own, with one client for all of
## them.

const LogIn := preload("res://demo/log_in.gd")
const Characters := preload("res://demo/characters.gd")
const DemoWorld := preload("res://demo/world.gd")
const Pictures := preload("res://demo/pictures.gd")
const Sounds := preload("res://demo/sounds.gd")
const Keys := preload("res://demo/keys.gd")
const Look := preload("res://demo/look.gd")
const SCENES: Dictionary[StringName, String] = {
	&"log_in": "res://demo/log_in.tscn",
	&"characters": "res://demo/characters.tscn",
	&"world": "res://demo/world.tscn",
}

var scene: Node = null

@onready var client: RealmClient = $RealmClient
@onready var pictures: Pictures = $Pictures
@onready var sounds: Sounds = $Sounds


func _ready() -> void:
	Keys.learn()
	RenderingServer.set_default_clear_color(Look.INK)
	client.left.connect(_on_left)
	if client.server.is_empty():
		client.server = ProjectSettings.get_setting(
			"realmgate/server/address", "http://127.0.0.1:3000"
		)
	pictures.server = client.server
	sounds.begin(self)
	show_log_in()


func show_log_in() -> void:
	var log_in: LogIn = _show(&"log_in")
	log_in.client = client
	log_in.logged_in.connect(show_characters.bind(""))


func show_characters(why: String) -> void:
	var characters: Characters = _show(&"characters")
	characters.client = client
	characters.chosen.connect(_enter.bind(characters))
	characters.left.connect(show_log_in)
	characters.say(why)
	characters.list()


func _enter(character: RealmCharacter, characters: Characters) -> void:
	await pictures.load_list()
	var call: RealmCall = await client.enter_world(character.id).finished
	if call.error != null:
		characters.say(call.error.text)
		return
	var world: DemoWorld = _show(&"world", func(made: Node) -> void: made.set(&"main", self))
	world.name = "World"
	sounds.load_all()


func _on_left(reason: StringName, error: RealmError) -> void:
	if scene is DemoWorld:
		var why := "" if reason == &"LOGOUT" else String(reason).to_lower().replace("_", " ")
		show_characters.call_deferred(error.text if error != null else why)


## Puts a scene into the place of the one before; `before` is called before it is ready.
func _show(scene_name: StringName, before: Callable = Callable()) -> Node:
	if scene != null:
		scene.queue_free()
	var packed: PackedScene = load(SCENES[scene_name])
	scene = packed.instantiate()
	if scene is Control:
		scene.set(&"theme", Look.theme())
	if before.is_valid():
		before.call(scene)
	add_child(scene)
	return scene
