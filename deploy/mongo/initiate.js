// Makes the single server a replica set of one, once, and waits until it takes writes. Safe to run again.
const SET = { _id: "rs0", members: [{ _id: 0, host: "mongo:27017" }] };

function takesWrites() {
  const admin = new Mongo("mongodb://mongo:27017/?directConnection=true&serverSelectionTimeoutMS=1000").getDB("admin");
  const hello = admin.runCommand({ hello: 1 });
  if (!hello.isWritablePrimary && !hello.setName) {
    admin.runCommand({ replSetInitiate: SET });
  }
  return hello.isWritablePrimary;
}

let problem = "it is not the primary";
for (let attempt = 0; attempt < 120; attempt++) {
  try {
    if (takesWrites()) {
      print("mongo takes writes");
      quit(0);
    }
  } catch (error) {
    problem = error.message; // not up yet, or another run was quicker: look again
  }
  sleep(500);
}
print(`mongo does not take writes after a minute: ${problem}`);
quit(1);
