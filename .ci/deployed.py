"""Deploys template.yaml on MiniStack and calls what it deployed. Run by .ci/deployed, which says why and how."""

import base64
import gzip
import html
import http.server
import io
import json
import os
import re
import ssl
import subprocess
import threading
import time
import tomllib
import urllib.error
import urllib.request
import zipfile
from pathlib import Path

import boto3
from botocore.config import Config
from samtranslator.yaml_helper import yaml_parse
from standardwebhooks import Webhook

STACK = "leads-api-dev"  # as in samconfig.toml and docs/deploy.md
CODE = "code"
BUILT = Path(".aws-sam/build")
PATH_STYLE = Config(s3={"addressing_style": "path"})  # /etc/hosts knows no name of a bucket's own
REGION = os.environ["AWS_REGION"]
TLS = ssl.create_default_context(cafile=os.environ["AWS_CA_BUNDLE"])


def say(what):
    print(f"  {what}", flush=True)


# --- What `sam deploy` does -----------------------------------------------------------------------------------------------


def template():
    """The template as `sam package` leaves it, without what MiniStack refuses."""
    template = yaml_parse(Path("template.yaml").read_text())
    s3 = boto3.client("s3", config=PATH_STYLE)
    s3.create_bucket(Bucket=CODE)
    for name, resource in list(template["Resources"].items()):
        if resource["Type"] == "AWS::Serverless::Function":
            archive = io.BytesIO()
            with zipfile.ZipFile(archive, "w") as out:
                out.write(BUILT / name / "bootstrap", "bootstrap")
            s3.put_object(Bucket=CODE, Key=name, Body=archive.getvalue())
            resource["Properties"]["CodeUri"] = f"s3://{CODE}/{name}"
        elif resource["Type"] == "AWS::CloudWatch::Alarm" and "Metrics" in resource["Properties"]:
            say(f"left out: {name}, an alarm of metric math")
            del template["Resources"][name]
    # Larger than what CloudFormation takes in a request.
    s3.put_object(Bucket=CODE, Key="template", Body=json.dumps(template))
    return template


def deploy():
    """Deploys the stack with the parameters of samconfig.toml."""
    overrides = tomllib.loads(Path("samconfig.toml").read_text())["default"]["global"]["parameters"]["parameter_overrides"]
    pairs = (pair.split("=", 1) for pair in overrides.split())
    cloudformation = boto3.client("cloudformation")
    cloudformation.create_stack(
        StackName=STACK,
        TemplateURL=f"https://s3.{REGION}.amazonaws.com/{CODE}/template",
        Parameters=[{"ParameterKey": key, "ParameterValue": value} for key, value in [*pairs, ("WebhookNetworks", "127.0.0.2/32")]],
        Capabilities=["CAPABILITY_IAM", "CAPABILITY_AUTO_EXPAND"],
    )
    try:
        cloudformation.get_waiter("stack_create_complete").wait(StackName=STACK, WaiterConfig={"Delay": 1, "MaxAttempts": 120})
    except Exception:
        for event in cloudformation.describe_stack_events(StackName=STACK)["StackEvents"]:
            if event["ResourceStatus"].endswith("FAILED"):
                say(f"{event['LogicalResourceId']}: {event.get('ResourceStatusReason')}")
        raise
    stack = cloudformation.describe_stacks(StackName=STACK)["Stacks"][0]
    outputs = {output["OutputKey"]: output["OutputValue"] for output in stack["Outputs"]}
    resources = cloudformation.describe_stack_resources(StackName=STACK)["StackResources"]
    say(f"deployed {len(resources)} resources")
    return outputs, {resource["LogicalResourceId"]: resource["PhysicalResourceId"] for resource in resources}


def route(template, resources):
    """Makes the gateway's authorizer, integrations and routes: they are in the API's Body, which MiniStack passes over."""
    gateway = boto3.client("apigatewayv2")
    functions = boto3.client("lambda")
    api = resources["Api"]
    properties = template["Resources"]["Api"]["Properties"]

    def invocation(function):
        arn = functions.get_function(FunctionName=resources[function])["Configuration"]["FunctionArn"]
        return f"arn:aws:apigateway:{REGION}:lambda:path/2015-03-31/functions/{arn}/invocations"

    authorizers = {}
    for name, settings in properties["Auth"]["Authorizers"].items():
        made = gateway.create_authorizer(
            ApiId=api,
            Name=name,
            AuthorizerType="REQUEST",
            AuthorizerUri=invocation(settings["FunctionArn"]["Fn::GetAtt"][0]),
            AuthorizerPayloadFormatVersion=settings["AuthorizerPayloadFormatVersion"],
            EnableSimpleResponses=settings["EnableSimpleResponses"],
            IdentitySource=[f"$request.header.{header}" for header in settings["Identity"]["Headers"]],
            AuthorizerResultTtlInSeconds=settings["Identity"]["ReauthorizeEvery"],
        )
        authorizers[name] = made["AuthorizerId"]

    count = 0
    for function, resource in template["Resources"].items():
        events = resource["Properties"].get("Events", {}) if resource["Type"] == "AWS::Serverless::Function" else {}
        routes = [event["Properties"] for event in events.values() if event["Type"] == "HttpApi"]
        if not routes:
            continue
        integration = gateway.create_integration(
            ApiId=api, IntegrationType="AWS_PROXY", IntegrationUri=invocation(function), PayloadFormatVersion="2.0"
        )["IntegrationId"]
        for event in routes:
            authorizer = event.get("Auth", {}).get("Authorizer", properties["Auth"]["DefaultAuthorizer"])
            guarded = {} if authorizer == "NONE" else {"AuthorizationType": "CUSTOM", "AuthorizerId": authorizers[authorizer]}
            gateway.create_route(
                ApiId=api, RouteKey=f"{event['Method']} {event['Path']}", Target=f"integrations/{integration}", **guarded
            )
            count += 1
    say(f"made {count} routes")


# --- What a user does -----------------------------------------------------------------------------------------------------


def sign_in(name, role, number):
    """The ID token of a new user, made with the commands of docs/deploy.md, which end with a request."""
    blocks = re.findall(r"```sh\n(.*?)```", Path("docs/deploy.md").read_text(), re.S)
    commands = next(block for block in blocks if "admin-create-user" in block)
    replaced = {"ada": name, "Ada": name.title(), "role,Value=Owner": f"role,Value={role}", "id,Value=1": f"id,Value={number}"}
    for word, ours in replaced.items():
        assert word in commands, f"the commands of docs/deploy.md say no {word}"
        commands = commands.replace(word, ours)
    # Of all that they print, the token alone on standard output.
    script = f'set -eu\nexec 3>&1 >&2\n{commands}\nprintf %s "$TOKEN" >&3'
    environment = os.environ | {"PASSWORD": "Correct-horse-battery-1"}
    run = subprocess.run(["bash", "-c", script], env=environment, capture_output=True, text=True)
    assert run.returncode == 0 and '{"count":' in run.stderr, f"the commands of docs/deploy.md: {run.stderr}"
    say(f"{name} is a user, {role}")
    return run.stdout


class Caller:
    """Whoever has a token, or none."""

    def __init__(self, url, token=None):
        self.url = url
        self.token = token

    def __call__(self, status, method, path, body=None, **headers):
        """What the API answers, which must be with this status."""
        headers = {name.replace("_", "-"): value for name, value in headers.items()}
        if self.token:
            headers["Authorization"] = f"Bearer {self.token}"
        if body is not None and not isinstance(body, bytes):
            headers["Content-Type"] = "application/json"
            body = json.dumps(body).encode()
        got, self.answered, answer = fetch(urllib.request.Request(self.url + path, body, headers, method=method))
        assert got == status, f"{method} {path}: {got}, expected {status}: {answer[:1000]}"
        say(f"{status} {method} {path}")
        if answer and self.answered.get("Content-Encoding") == "gzip":
            answer = gzip.decompress(answer)
        return json.loads(answer) if answer else None


def fetch(request):
    try:
        with urllib.request.urlopen(request, context=TLS, timeout=30) as answer:
            return answer.status, answer.headers, answer.read()
    except urllib.error.HTTPError as answer:
        return answer.code, answer.headers, answer.read()


def multipart(**fields):
    """A form, as a browser sends it."""
    boundary = "a-boundary"
    parts = b""
    for name, value in fields.items():
        file, kind = ('; filename="p.jpg"', "image/jpeg") if isinstance(value, bytes) else ("", "text/plain")
        value = value if isinstance(value, bytes) else str(value).encode()
        head = f'--{boundary}\r\nContent-Disposition: form-data; name="{name}"{file}\r\nContent-Type: {kind}\r\n\r\n'
        parts += head.encode() + value + b"\r\n"
    return {"body": parts + f"--{boundary}--\r\n".encode(), "Content_Type": f"multipart/form-data; boundary={boundary}"}


LEAD = {
    "firstName": "John", "lastName": "Doe", "email": "john.doe@example.com", "phoneNumber": ["123-456-7890"], "business": [1],
    "photo": "", "state": "Active", "statusId": 1, "source": "Referral", "description": "", "location": "New York",
    "position": "Manager", "company": "Company Name", "socialMedia": {},
}  # fmt: skip


def use(url, resources):
    """Every function, through the gateway and with tokens of the user pool."""
    owner = Caller(url, sign_in("ada", "Owner", 1))
    viewer = Caller(url, sign_in("vera", "Viewer", 2))
    manager = Caller(url, sign_in("max", "Manager", 3))

    Caller(url)(401, "GET", "/leads")
    Caller(url, "none")(403, "GET", "/leads")
    Caller(url, owner.token[:-8] + "AAAAAAAA")(403, "GET", "/leads")
    refused = viewer(403, "POST", "/leads", LEAD)
    assert refused["message"] == "Access denied", refused
    manager(403, "POST", "/businesses", {"name": "Acme"})
    owner(404, "GET", "/no-such-route")

    business = owner(201, "POST", "/businesses", {"name": "Acme"})
    assert business == {"id": 1, "name": "Acme"}, business
    statuses = viewer(200, "GET", "/leads/statuses")
    assert [status["name"] for status in statuses["statuses"]] == ["New", "Contacted", "Qualified", "Closed"], statuses

    lead = manager(201, "POST", "/leads", LEAD, Idempotency_Key="once")
    assert lead["id"] == 1 and lead["business"] == [business] and lead["status"] == "New", lead
    assert manager(201, "POST", "/leads", LEAD, Idempotency_Key="once") == lead
    taken = manager(400, "POST", "/leads", LEAD)
    assert taken["message"] == "Email already exists", taken
    # Its id is not 2: the refused request has used that up.
    jane = manager(201, "POST", "/leads", LEAD | {"firstName": "Jane", "email": "jane@example.org", "business": []})["id"]
    bad = manager(400, "GET", "/leads?limit=0&stauts=1")
    assert [error["field"] for error in bad["errors"]] == ["limit", "stauts"], bad

    assert viewer(200, "GET", "/leads/1") == lead
    etag = viewer.answered["ETag"]
    viewer(304, "GET", "/leads/1", If_None_Match=etag)
    leads = viewer(200, "GET", "/leads")
    assert leads["count"] == 2 and [lead["id"] for lead in leads["leads"]] == [jane, 1], leads
    leads = viewer(200, "GET", "/leads?business=1&status=1")
    assert leads["count"] == 1 and leads["leads"][0]["id"] == 1, leads
    page = viewer(200, "GET", "/leads?limit=1")
    rest = viewer(200, "GET", "/leads?limit=1&cursor=" + page["nextCursor"])
    assert [lead["id"] for lead in page["leads"] + rest["leads"]] == [jane, 1] and "nextCursor" not in rest, rest
    found = viewer(200, "GET", "/leads/search?search=doe+york+jo")
    assert [lead["id"] for lead in found] == [1], found

    changed = manager(200, "PATCH", "/leads/1", {"position": "Head of Sales"}, If_Match=etag)
    assert changed["position"] == "Head of Sales", changed
    manager(412, "PATCH", "/leads/1", {"position": "Clerk"}, If_Match=etag)
    manager(200, "PUT", "/leads/change-status", {"ids": [1, jane], "statusId": 3})
    unknown = manager(404, "PUT", "/leads/change-status", {"ids": [1, 99], "statusId": 2})
    assert "99" in unknown["errors"][0]["message"], unknown

    photo = Path("tests/local/demo/photo.jpg").read_bytes()
    as_json = manager(200, "POST", "/leads/upload-photo", {"id": 1, "photo": base64.b64encode(photo).decode()})
    as_form = manager(200, "POST", "/leads/upload-photo", **multipart(id=jane, photo=photo))
    for id, name in ((1, as_json), (jane, as_form)):
        lead = viewer(200, "GET", f"/leads/{id}")
        assert lead["photo"] == name, lead
        photo_url = lead["photoUrl"]
        status, headers, body = fetch(photo_url)
        assert (status, headers["Content-Type"], body[:2]) == (200, "image/jpeg", b"\xff\xd8"), body[:500]
        say(f"loaded {len(body)} bytes of the photo of lead {id}")
    manager(200, "DELETE", f"/leads/delete-photo/{as_form}")
    viewer(403, "DELETE", f"/leads/delete-photo/{as_json}")
    assert viewer(200, "GET", f"/leads/{jane}")["photo"] == ""

    comment = manager(201, "POST", "/leads/comments/1", {"content": "Call back on Monday."})
    assert comment["user"]["email"] == "max@example.com", comment
    owner(200, "PUT", f"/leads/comments/{comment['id']}", {"content": "Call back on Tuesday."})
    viewer(403, "DELETE", f"/leads/comments/{comment['id']}")
    log = viewer(200, "GET", "/leads/logs/1")
    actions = [entry["action"] for entry in log["logs"]]
    assert actions == ["UpdateComment", "CreateComment", "UploadPhoto", "ChangeLeadStatus", "UpdateLead", "CreateLead"], log
    timeline = viewer(200, "GET", "/leads/logs-and-comments/1")
    assert "Call back on Tuesday." in json.dumps(timeline), timeline
    manager(200, "DELETE", f"/leads/comments/{comment['id']}")

    assert viewer(200, "GET", "/leads/leads-volume")["totalLeadsAmount"] == 2
    total = viewer(200, "GET", "/leads/total-leads")
    assert total["name"] == "Total", total
    recent = viewer(200, "GET", "/leads/recent-leads")
    assert [lead["id"] for lead in recent] == [jane, 1], recent

    manager(200, "PATCH", "/leads/archive", {"ids": [1]})
    assert viewer(200, "GET", "/leads")["count"] == 1 and viewer(200, "GET", "/leads?archived=true")["count"] == 1
    manager(200, "PATCH", "/leads/restore", {"ids": [1]})
    assert viewer(200, "GET", "/leads")["count"] == 2
    owner(400, "DELETE", "/leads/status/3")
    manager(200, "DELETE", "/leads/1")
    manager(200, "DELETE", "/leads", {"ids": [jane]})
    viewer(404, "GET", "/leads/1")
    assert viewer(200, "GET", "/leads")["count"] == 0
    owner(200, "DELETE", "/businesses/1")

    manager(403, "POST", "/keys", {"name": "Web shop", "role": "Sender"})
    key = owner(201, "POST", "/keys", {"name": "Web shop", "role": "Sender"})
    machine = Caller(url, key["secret"])
    rows = [{"firstName": "Wei", "lastName": "Chen", "email": f"wei{n}@example.com"} for n in range(30)]
    batch = {"mode": "create", "leads": rows + [{"email": "bad"}]}
    done = machine(200, "POST", "/leads/batch", batch, Idempotency_Key="import")
    assert (done["created"], done["failed"]) == (30, 1), done
    assert machine(200, "POST", "/leads/batch", batch, Idempotency_Key="import") == done
    machine(403, "GET", "/leads")
    Caller(url, key["secret"][:-1])(403, "GET", "/leads")
    owner(200, "DELETE", f"/keys/{key['id']}")
    exported = viewer(200, "GET", "/leads/export?format=ndjson&limit=1")
    assert exported["email"] == "wei29@example.com" and 'rel="next"' in viewer.answered["Link"], exported
    form = owner(201, "POST", "/forms", {"name": "Contact", "allowedOrigins": ["https://www.example.com"]})
    path = f"/forms/{form['key']}/leads"
    Caller(url)(403, "POST", path, {"email": "ada@example.com"})
    thanks = Caller(url)(201, "POST", path, {"email": "ada@example.com", "message": "Hi"}, Origin="https://www.example.com")
    assert thanks == {"message": "Thank you"}, thanks
    assert owner(200, "GET", "/forms")["forms"][0]["submissions"] == 1

    public = Caller(url)
    contract = public(200, "GET", "/openapi.json")
    assert contract["openapi"].startswith("3.1."), contract
    public(304, "GET", "/openapi.json", If_None_Match=public.answered["ETag"])
    status, headers, page = fetch(urllib.request.Request(f"{url}/docs", headers={"Accept-Encoding": "gzip"}))
    assert (status, headers["Content-Encoding"]) == (200, "gzip"), page[:500]
    page = gzip.decompress(page).decode()
    told = json.loads(html.unescape(re.search(r'<meta name="sign-in" content="([^"]*)">', page)[1]))
    cognito, client = f"https://cognito-idp.{REGION}.amazonaws.com", resources["UserPoolClient"]
    issuer = f"{cognito}/{resources['UserPool']}"
    assert told == {"issuer": issuer, "audience": client, "clientId": client, "cognito": cognito}, told
    policy = headers["Content-Security-Policy"]
    assert f"connect-src 'self' {cognito};" in policy and f" {photo_url.split('/photos/')[0]}/;" in policy, policy
    for file in re.findall(r'"(/assets/[^"]*)"', page):
        status, headers, _ = fetch(url + file)
        assert status == 200 and "immutable" in headers["Cache-Control"], (file, status)
        say(f"{status} GET {file}")

    tell(owner, viewer, resources)

    cleaned = boto3.client("lambda").invoke(
        FunctionName=resources["CleanupFunction"], Payload=Path("events/cleanup-schedule.json").read_bytes()
    )
    report = json.load(cleaned["Payload"])
    assert "FunctionError" not in cleaned and "photos" in report, report
    say(f"the clean-up ran: {report}")


class Receiver(http.server.BaseHTTPRequestHandler):
    """What a webhook is posted to, over TLS. It refuses the first that comes."""

    told = []

    def do_POST(self):
        body = self.rfile.read(int(self.headers["Content-Length"]))
        self.told.append((self.headers, body))
        self.send_response(500 if len(self.told) == 1 else 204)
        self.end_headers()

    def log_message(self, *_):
        pass


def tell(owner, viewer, resources):
    """What changes comes out of the table's stream into the feed, and by the queue to a webhook."""
    server = http.server.ThreadingHTTPServer(("127.0.0.2", 0), Receiver)
    certificate = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    work = Path(os.environ["AWS_CA_BUNDLE"]).parent
    certificate.load_cert_chain(work / "host.crt", work / "host.key")
    server.socket = certificate.wrap_socket(server.socket, server_side=True)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    url = f"https://hooks.{REGION}.amazonaws.com:{server.server_port}/leads"
    refused = owner(400, "POST", "/webhooks", {"url": f"https://127.0.0.1:{server.server_port}/"})
    assert refused["errors"][0]["field"] == "url", refused
    viewer(403, "POST", "/webhooks", {"url": url})
    hook = owner(201, "POST", "/webhooks", {"url": url, "types": ["lead.archived", "lead.restored"]})
    lead = viewer(200, "GET", "/leads?limit=1")["leads"][0]["id"]
    owner(200, "PATCH", "/leads/archive", {"ids": [lead]})

    def await_(what, look):
        for _ in range(60):
            if found := look():
                return found
            time.sleep(1)
        raise AssertionError(f"{what} never came")

    def events():
        found, after = [], ""
        while True:
            page = viewer(200, "GET", f"/events?limit=100{after}")
            if not page["events"]:
                return found
            found += page["events"]
            after = "&after=" + page["nextCursor"]

    archived = await_("the event", lambda: [event for event in events() if event["type"] == "lead.archived" and event["leadId"] == lead])
    numbers = [int(event["id"].rsplit("_", 1)[1]) for event in events()]
    assert numbers == list(range(1, len(numbers) + 1)), numbers
    say(f"{len(numbers)} events, the last of them {archived[-1]['id']}")
    # It failed once, and came again.
    await_("the second attempt", lambda: len(Receiver.told) >= 2)
    for headers, body in Receiver.told:
        Webhook(hook["secret"]).verify(body, dict(headers))
        assert json.loads(body) == archived[-1], body
    deliveries = await_(
        "what became of it",
        lambda: [one for one in owner(200, "GET", f"/webhooks/{hook['id']}/deliveries")["deliveries"] if one["state"] == "Delivered"],
    )
    assert [attempt["status"] for attempt in deliveries[0]["attempts"]] == [204, 500], deliveries
    say("a webhook was told, with a signature that verifies")


def see(url, resources):
    """A person in a browser: the console, and what the user pool asks for."""
    if not os.environ.get("CHROMIUM"):
        say("SKIPPED: signing in to the console, as no Chromium can be installed here.")
        return
    user, password = "eve@example.com", "A-temporary-Password-0"
    attributes = {"email": user, "email_verified": "true", "given_name": "Eve", "custom:team_id": "acme"}
    attributes |= {"custom:team_role": "Owner", "custom:user_id": "4"}
    boto3.client("cognito-idp").admin_create_user(
        UserPoolId=resources["UserPool"],
        Username=user,
        TemporaryPassword=password,
        MessageAction="SUPPRESS",
        UserAttributes=[{"Name": name, "Value": value} for name, value in attributes.items()],
    )
    environment = os.environ | {"CONSOLE_URL": url, "CONSOLE_USER": user, "CONSOLE_PASSWORD": password}
    command = ["npx", "playwright", "test", "--project=deployed", "--reporter=list"]
    subprocess.run(command, cwd="functions/pages/ui", env=environment, check=True)


made = template()
outputs, resources = deploy()
route(made, resources)
with open(os.environ["HOSTS"], "a") as hosts:  # the name of the API, known only now
    hosts.write(f"127.0.0.1 {outputs['ApiUrl'].split('/')[2].split(':')[0]}\n")
use(outputs["ApiUrl"], resources)
assert outputs["ConsoleUrl"] == outputs["ApiUrl"] + "/", outputs
see(outputs["ConsoleUrl"], resources)
