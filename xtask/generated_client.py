"""Makes calls of a running realm with a client that openapi-python-client has made of its document.

python3 generated_client.py FOLDER URL: the client is the package `realm` in FOLDER.
"""

import sys
import uuid

folder, url = sys.argv[1:]
sys.path.insert(0, folder)

from realm import AuthenticatedClient, Client, models
from realm.api.authentication import device_login, link_device, list_providers, logout, refresh_token
from realm.api.friends import (
    accept_friend_request,
    create_friend_request,
    list_blocked_friends,
    list_friend_requests,
    list_friends,
    remove_friendship,
)
from realm.api.health import index
from realm.api.hooks import list_hooks
from realm.api.leaderboards import list_leaderboards
from realm.api.lobbies import create_lobby, get_lobby, join_lobby, leave_lobby, list_lobbies, quick_join, update_lobby
from realm.api.users import (
    get_current_user,
    get_user,
    search_users,
    update_current_user_display_name,
    update_current_user_show_map,
)

calls = 0


def call(operation, status, *path, client, **arguments):
    """The parsed answer of a call, which has to have this status."""
    global calls
    calls += 1
    answer = operation.sync_detailed(*path, client=client, **arguments)
    name = operation.__name__.rsplit(".", 1)[-1]
    assert answer.status_code == status, f"{name}: {answer.status_code} instead of {status}: {answer.content!r}"
    assert answer.parsed is not None or status == 204, f"{name}: {status} is not described: {answer.content!r}"
    return answer.parsed


def log_in(anybody):
    """Somebody new: the tokens and a client that shows them."""
    device = models.DeviceLoginRequest(device_id=f"generated-{uuid.uuid4()}")
    tokens = call(device_login, 200, client=anybody, body=device).data
    return tokens, AuthenticatedClient(base_url=url, token=tokens.access_token)


anybody = Client(base_url=url)
call(index, 200, client=anybody)
call(list_providers, 200, client=anybody)
call(device_login, 400, client=anybody)
ann_tokens, ann = log_in(anybody)
ben_tokens, ben = log_in(anybody)

again = call(refresh_token, 200, client=anybody, body=models.RefreshTokenRequest(ann_tokens.refresh_token)).data
ann = AuthenticatedClient(base_url=url, token=again.access_token)
assert call(get_current_user, 200, client=ann).id == ann_tokens.user_id
name = f"Generated {uuid.uuid4().hex[:8]}"
named = models.UpdateCurrentUserDisplayNameRequest(display_name=name)
call(update_current_user_display_name, 200, client=ann, body=named)
call(update_current_user_show_map, 200, client=ann, body=models.UpdateCurrentUserShowMapRequest(show_map=True))
call(link_device, 200, client=ann, body=models.LinkDeviceRequest(device_id=f"generated-{uuid.uuid4()}"))
assert call(get_user, 200, ann_tokens.user_id, client=ben).display_name == name
found = call(search_users, 200, client=ben, q=name)
assert [user.id for user in found.data] == [ann_tokens.user_id]

target = models.CreateFriendRequestRequest(target_user_id=ben_tokens.user_id)
call(create_friend_request, 201, client=ann, body=target)
request = call(list_friend_requests, 200, client=ben).incoming[0]
call(accept_friend_request, 200, str(request.id), client=ben)
assert len(call(list_friends, 200, client=ann).data) == 1
call(list_blocked_friends, 200, client=ann)
call(remove_friendship, 200, str(request.id), client=ann)

room = call(create_lobby, 201, client=ann, body=models.CreateLobbyRequest(title="Made by a generated client"))
call(get_lobby, 200, room.id, client=ann)
call(join_lobby, 200, room.id, client=ben)
call(update_lobby, 200, client=ann, body=models.UpdateLobbyRequest(title="Renamed"))
assert "Renamed" in [lobby.title for lobby in call(list_lobbies, 200, client=anybody).data]
call(leave_lobby, 200, client=ben)
call(leave_lobby, 200, client=ann)
# Without a body.
call(quick_join, 200, client=ben)
call(leave_lobby, 200, client=ben)
call(list_leaderboards, 200, client=anybody)
call(list_hooks, 200, client=ann)
call(logout, 200, client=ann)
print(f"{calls} calls by a generated client, each answered as the document says")
