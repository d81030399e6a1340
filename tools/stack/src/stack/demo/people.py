from stack.demo.caller import Caller, Resource
from stack.demo.expectations import expect
from stack.demo.scene import Scene

STAFF_EMAIL = "robin@harbourlane.example"
CUSTOMER_EMAIL = "kim@home.example"


def admin_signs_in(scene: Scene) -> None:
    scene.admin.sign_in(scene.operator.admin_email, scene.operator.admin_password)
    me = scene.admin.get("/users/me")
    expect("admin" in me["roles"], f"the first admin has the roles {me['roles']}.")
    scene.tell(f"{me['email']} is {', '.join(me['roles'])}")


def staff_registers_and_gets_the_role(scene: Scene) -> None:
    registered = _register(scene.staff, STAFF_EMAIL, "Robin from the desk", scene.password)
    user = f"/users/{registered['id']}"
    changed = scene.admin.command(
        user, {"roles": ["customer", "staff"]}, method="PATCH", if_match=scene.admin.etag(user)
    )
    expect("staff" in changed["roles"], f"the role wasn't given: {changed['roles']}.")
    scene.staff.sign_in(STAFF_EMAIL, scene.password)
    scene.tell(f"{STAFF_EMAIL} is now {', '.join(changed['roles'])}")


def customer_registers_and_signs_in(scene: Scene) -> None:
    registered = _register(scene.customer, CUSTOMER_EMAIL, "Kim", scene.password)
    scene.customer.sign_in(CUSTOMER_EMAIL, scene.password)
    me = scene.customer.get("/users/me")
    expect(me["id"] == registered["id"], "the token is somebody else's.")
    expect(me["roles"] == ["customer"], f"a new customer has the roles {me['roles']}.")
    scene.tell(f"{CUSTOMER_EMAIL} is signed in as {me['name']}")


def _register(caller: Caller, email: str, name: str, password: str) -> Resource:
    return caller.post("/auth/register", {"email": email, "password": password, "name": name})
