// Makes the single server a replica set of one, and its users: an administrator, and those of rights.json, each with a
// role of its own: a service reaches its own database alone, and can only add to `commits` and `seals`. Safe to run again: passwords follow their files. It shares the server's network, so
// that it comes from "localhost", where MongoDB lets the first user be made, and nothing after that.
const fs = require("fs");

const SET = { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] };
const RIGHTS = JSON.parse(fs.readFileSync("/rights.json", "utf8"));
const URL = "mongodb://127.0.0.1:27017/?directConnection=true&serverSelectionTimeoutMS=2000";

const password = (user) => fs.readFileSync(`/run/secrets/mongo_${user}`, "utf8").trim();

// The database "admin": as the administrator, or as nobody while there is no administrator yet.
function open() {
  try {
    return new Mongo(`${URL}&authSource=admin`.replace("//", `//admin:${encodeURIComponent(password("admin"))}@`)).getDB("admin");
  } catch (error) {
    if (!/auth/i.test(error.message)) {
      throw error;
    }
    return new Mongo(URL).getDB("admin");
  }
}

function takesWrites() {
  const admin = open();
  const hello = admin.runCommand({ hello: 1 });
  if (!hello.isWritablePrimary && !hello.setName) {
    admin.runCommand({ replSetInitiate: SET });
  }
  return hello.isWritablePrimary;
}

function setUser(name, roles) {
  const admin = open();
  try {
    admin.updateUser(name, { pwd: password(name), roles });
  } catch (error) {
    admin.createUser({ user: name, pwd: password(name), roles }); // not there yet; any other fault shows here again
  }
}

// The privileges of a user's role; tests/rights.py computes the same.
function privileges({ database, ...rights }) {
  const on = (collection, kind) => ({ resource: { db: database, collection }, actions: RIGHTS.actions[kind] });
  const kinds = ["add", "change", "remove"];
  return [on("", "all"), ...kinds.flatMap((kind) => (rights[kind] ?? []).map((name) => on(name, kind)))];
}

function setRole(name, rights) {
  const admin = open();
  const role = { privileges: privileges(rights), roles: [] };
  if (admin.getRole(name)) {
    admin.updateRole(name, role);
  } else {
    admin.createRole({ role: name, ...role });
  }
  return true;
}

const steps = [
  ["takes writes", takesWrites],
  ["has its administrator", () => setUser("admin", [{ role: "root", db: "admin" }]) ?? true],
  ...Object.entries(RIGHTS.users).flatMap(([name, rights]) => [
    [`has the role ${name}`, () => setRole(name, rights)],
    [`has the user ${name}`, () => setUser(name, [{ role: name, db: "admin" }]) ?? true],
  ]),
];

let problem = "it is not the primary";
for (let attempt = 0; attempt < 120 && steps.length; attempt++) {
  try {
    while (steps.length && steps[0][1]()) {
      print(`mongo ${steps.shift()[0]}`);
    }
  } catch (error) {
    problem = error.message; // not up yet, or just starting again: look again
  }
  if (steps.length) {
    sleep(500);
  }
}
if (steps.length) {
  print(`mongo is not ready after a minute: ${problem}`);
  quit(1);
}
quit(0);
