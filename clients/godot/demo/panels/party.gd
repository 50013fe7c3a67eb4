extends "res://demo/panels/panel.gd"
## The party: who is in it, and a way in and out.


func title() -> String:
	return "Party"


func listen() -> void:
	client.party.changed.connect(refresh)


func fill() -> void:
	for member: RealmPartyMember in client.party.members:
		label(rows, member.display_name + ("" if member.is_online else " (away)"))
	var whom := LineEdit.new()
	whom.placeholder_text = "Invite a player"
	rows.add_child(whom)
	whom.text_submitted.connect(_invite.bind(whom))
	if not client.party.members.is_empty():
		button(rows, "Leave the party", client.party.leave)


func _invite(player_name: String, whom: LineEdit) -> void:
	client.party.invite(player_name)
	whom.clear()
