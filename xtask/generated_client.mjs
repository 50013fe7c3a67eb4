// Makes calls of a running realm with a client that OpenAPI Generator has made of its document.
//
// The client is the package `realm`. Bundled by esbuild, then: node calls.cjs URL
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import * as realm from "realm";

const [, , url] = process.argv;
let calls = 0;

/** A client that shows this access token, or none: its groups of calls by their names. */
function client(token) {
  const http = new realm.ApiClient(url);
  if (token !== undefined) http.authentications.access_token.accessToken = token;
  return {
    authentication: new realm.AuthenticationApi(http),
    friends: new realm.FriendsApi(http),
    health: new realm.HealthApi(http),
    hooks: new realm.HooksApi(http),
    leaderboards: new realm.LeaderboardsApi(http),
    lobbies: new realm.LobbiesApi(http),
    users: new realm.UsersApi(http),
  };
}

/** The data of an answer, which has to have this status and this type. */
async function call(operation, status, type) {
  calls += 1;
  const name = `call ${calls} (${type?.name ?? status})`;
  const { data, response } = await operation;
  assert.equal(response.status, status, name);
  if (type !== undefined) assert.ok(data instanceof type, `${name} answered ${JSON.stringify(data)}`);
  return data;
}

/** Somebody new: the tokens, and a client that shows them. */
async function logIn(anybody) {
  const body = realm.DeviceLoginRequest.constructFromObject({ device_id: `generated-${randomUUID()}` });
  const { data } = await call(
    anybody.authentication.deviceLoginWithHttpInfo({ deviceLoginRequest: body }),
    200,
    realm.DataTokens,
  );
  return [data, client(data.access_token)];
}

/** All calls. */
async function play() {
  const anybody = client();
  await call(anybody.health.indexWithHttpInfo(), 200, realm.Health);
  await call(anybody.authentication.listProvidersWithHttpInfo(), 200, realm.DataVecString);
  calls += 1;
  await assert.rejects(anybody.authentication.deviceLoginWithHttpInfo({}), { status: 400 });
  const [annTokens, newAnn] = await logIn(anybody);
  const [benTokens, ben] = await logIn(anybody);
  const refresh = realm.RefreshTokenRequest.constructFromObject({ refresh_token: annTokens.refresh_token });
  const again = await call(
    newAnn.authentication.refreshTokenWithHttpInfo({ refreshTokenRequest: refresh }),
    200,
    realm.DataTokens,
  );
  const ann = client(again.data.access_token);

  const me = await call(ann.users.getCurrentUserWithHttpInfo(), 200, realm.Me);
  assert.equal(me.id, annTokens.user_id);
  const name = `Generated ${randomUUID().slice(0, 8)}`;
  const named = realm.UpdateCurrentUserDisplayNameRequest.constructFromObject({ display_name: name });
  await call(
    ann.users.updateCurrentUserDisplayNameWithHttpInfo({ updateCurrentUserDisplayNameRequest: named }),
    200,
  );
  const shown = realm.UpdateCurrentUserShowMapRequest.constructFromObject({ show_map: true });
  await call(ann.users.updateCurrentUserShowMapWithHttpInfo({ updateCurrentUserShowMapRequest: shown }), 200);
  const device = realm.LinkDeviceRequest.constructFromObject({ device_id: `generated-${randomUUID()}` });
  await call(ann.authentication.linkDeviceWithHttpInfo({ linkDeviceRequest: device }), 200);
  const seen = await call(ben.users.getUserWithHttpInfo(annTokens.user_id), 200, realm.Public);
  assert.equal(seen.display_name, name);
  const found = await call(ben.users.searchUsersWithHttpInfo({ q: name }), 200, realm.ListedPublic);
  assert.deepEqual(
    found.data.map((user) => user.id),
    [annTokens.user_id],
  );

  const target = realm.CreateFriendRequestRequest.constructFromObject({ target_user_id: benTokens.user_id });
  await call(ann.friends.createFriendRequestWithHttpInfo({ createFriendRequestRequest: target }), 201);
  const requests = await call(ben.friends.listFriendRequestsWithHttpInfo({}), 200, realm.Requests);
  const friendship = requests.incoming[0].id;
  await call(ben.friends.acceptFriendRequestWithHttpInfo(friendship), 200);
  const friends = await call(ann.friends.listFriendsWithHttpInfo({}), 200, realm.ListedFriend);
  assert.equal(friends.data.length, 1);
  await call(ann.friends.listBlockedFriendsWithHttpInfo({}), 200, realm.ListedBlocked);
  await call(ann.friends.removeFriendshipWithHttpInfo(friendship), 200);

  const titled = realm.CreateLobbyRequest.constructFromObject({ title: "Made by a generated client" });
  const lobby = await call(ann.lobbies.createLobbyWithHttpInfo({ createLobbyRequest: titled }), 201, realm.Lobby);
  await call(ann.lobbies.getLobbyWithHttpInfo(lobby.id), 200, realm.LobbyWithMembers);
  await call(ben.lobbies.joinLobbyWithHttpInfo(lobby.id, {}), 200);
  const renamed = realm.UpdateLobbyRequest.constructFromObject({ title: "Renamed" });
  await call(ann.lobbies.updateLobbyWithHttpInfo({ updateLobbyRequest: renamed }), 200, realm.Lobby);
  const lobbies = await call(anybody.lobbies.listLobbiesWithHttpInfo({}), 200, realm.ListedLobby);
  assert.ok(lobbies.data.some((one) => one.title === "Renamed"));
  await call(ben.lobbies.leaveLobbyWithHttpInfo(), 200);
  await call(ann.lobbies.leaveLobbyWithHttpInfo(), 200);
  // Without a body.
  await call(ben.lobbies.quickJoinWithHttpInfo({}), 200, realm.Lobby);
  await call(ben.lobbies.leaveLobbyWithHttpInfo(), 200);
  await call(anybody.leaderboards.listLeaderboardsWithHttpInfo({}), 200, realm.ListedLeaderboard);
  await call(ann.hooks.listHooksWithHttpInfo(), 200, realm.DataVecCallable);
  await call(ann.authentication.logoutWithHttpInfo(), 200);
  console.log(`${calls} calls by a generated JavaScript client, each answered as the document says`);
}

play().catch((error) => {
  console.error(error);
  process.exitCode = 1;
});
