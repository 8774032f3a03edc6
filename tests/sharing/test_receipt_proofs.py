"""Inclusion proofs of receipts: for who sees the receipt, on its page, in its files, checked by anybody offline."""

import copy
import json
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from portal.ledger.models import LedgerDay, LedgerSeal
from portal.ledger.roots import read_roots
from portal.ledger.sealing import HEAD_TYPE, seal_new_rows
from sharing.models import Receipt
from sharing.receipts.checking import check_document
from sharing.receipts.document import json_of, pdf_of
from sharing.receipts.proof import proof_of
from tests.jose import claims_of, readable, said_otherwise, signed_by
from tests.tampering import days_pass, happen
from tests.world import World

DOCUMENT = Path(__file__).resolve().parent.parent.parent / "docs" / "receipts.md"


@pytest.fixture
def receipt(world: World) -> Receipt:
    """A receipt that is not sealed yet."""
    return world.grant().receipts.get()


def sealed(receipt: Receipt) -> Receipt:
    """The same, sealed on a day that is over."""
    happen(5)
    seal_new_rows()
    days_pass()
    return receipt


def with_proof(document: dict[str, Any], proof: Any) -> dict[str, Any]:
    """The same receipt with another inclusion proof."""
    return {**document, "header": {**document["header"], "inclusion_proof": proof}}


def proven_document(receipt: Receipt) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(json_of(receipt, from_inside=False, proof=proof_of(receipt)))
    return found


@pytest.mark.django_db
def test_a_proof_is_there_once_sealed_and_leads_further_once_the_day_is_over(
    receipt: Receipt, world: World, api_of: Any
) -> None:
    member = api_of(world.person("brand_a_member"))
    url = f"/api/v1/receipts/{receipt.number}/proof/"
    nothing = {"number": receipt.number, "is_sealed": False, "is_published": False, "proof": None}
    assert member.get(url).json() == nothing
    happen(3)
    seal_new_rows()
    happen(1)
    seal_new_rows()
    first = member.get(url).json()
    assert (first["is_sealed"], first["is_published"], first["proof"]["published"]) == (True, False, None)
    days_pass()
    then = member.get(url).json()
    assert (then["is_published"], then["proof"]["path"]) == (True, first["proof"]["path"])
    assert claims_of(then["proof"]["sealed"])["root"] == LedgerSeal.objects.get(number=1).root
    assert claims_of(then["proof"]["published"]) == LedgerDay.objects.get().payload
    for proof in (first["proof"], then["proof"]):
        text = json.dumps(with_proof(proven_document(receipt), proof))
        assert check_document(text).outcome == "valid"
    assert "number" not in readable(json.dumps(then["proof"]))


@pytest.mark.django_db
def test_a_proof_is_shown_to_whoever_sees_the_receipt_and_to_nobody_else(
    receipt: Receipt, world: World, client_of: Any, api_of: Any
) -> None:
    sealed(receipt)
    url = f"/receipts/{receipt.number}/"
    root = LedgerDay.objects.get().root
    for persona in ("manager_a", "brand_a_member", "programme_manager"):
        person = world.person(persona)
        proof = api_of(person).get(f"/api/v1{url}proof/").json()["proof"]
        assert claims_of(proof["published"])["root"] == root
        page = client_of(person).get(url).content.decode()
        assert root in page
        assert all(step in page for step in (proof_of(receipt).path[0][1], proof_of(receipt).day_path[-1][1]))
        file = json.loads(client_of(person).get(url + "json/").content)
        assert file["header"]["inclusion_proof"] == proof
    for persona in ("manager_b", "brand_b_member"):
        assert api_of(world.person(persona)).get(f"/api/v1{url}proof/").status_code == 404
    assert api_of(None).get(f"/api/v1{url}proof/").status_code == 401


@pytest.mark.django_db
def test_a_proof_that_was_altered_or_is_another_receipts_is_told_apart(receipt: Receipt, world: World) -> None:
    other = world.grant(scope="step1").receipts.get()
    sealed(receipt)
    good, stranger = proven_document(receipt), proven_document(other)

    def outcome(alter: Callable[[dict[str, Any]], Any]) -> str:
        document = copy.deepcopy(good)
        alter(document["header"]["inclusion_proof"])
        return check_document(json.dumps(document)).outcome

    assert check_document(json.dumps(good)).sealed_on == LedgerSeal.objects.get().sealed_at.date()
    assert outcome(lambda proof: None) == "valid"
    alterations: list[Callable[[dict[str, Any]], Any]] = [
        lambda proof: proof["path"].pop(),
        lambda proof: proof["path"].reverse(),
        lambda proof: proof["path"][0].__setitem__(1, "00" * 32),
        lambda proof: proof["path"][0].append("x"),
        lambda proof: proof["path"][0].__setitem__(1, proof["path"][0][1].upper()),
        lambda proof: proof["path"][0].__setitem__(1, f" {proof['path'][0][1]}"),
        lambda proof: proof.update(path=[]),
        lambda proof: proof.update(path="x"),
        lambda proof: proof.update(path=stranger["header"]["inclusion_proof"]["path"]),
        lambda proof: proof.update(sealed=said_otherwise(proof["sealed"], day="2020-01-01")),
        lambda proof: proof.update(sealed=signed_by(b"o" * 32, claims_of(proof["sealed"]), alg="EdDSA", typ=HEAD_TYPE)),
        lambda proof: proof.update(sealed=proof["sealed"][:-4]),
        lambda proof: proof.update(sealed=1),
        lambda proof: proof.update(sealed=proof["published"]),
        lambda proof: proof.update(published=None),
        lambda proof: proof.update(published=proof["sealed"]),
        lambda proof: proof["day_path"].pop(0),
        lambda proof: proof.pop("published"),
        lambda proof: proof.clear(),
        lambda proof: proof.update(note="Approved"),
        lambda proof: proof.update(published=said_otherwise(proof["published"], note="Approved")),
    ]
    assert [outcome(alter) for alter in alterations] == ["proof_altered"] * len(alterations)
    page = Client().post("/verify/", {"text": json.dumps(with_proof(good, 1))})
    assert (page.status_code, b"inclusion proof of this receipt is not valid" in page.content) == (400, True)
    page = Client().post("/verify/", {"text": json.dumps(good)})
    assert (page.status_code, b"Its inclusion proof is valid" in page.content) == (200, True)


@pytest.mark.django_db
def test_the_procedure_in_the_documentation_checks_a_proof_offline(receipt: Receipt, tmp_path: Path) -> None:
    sealed(receipt)
    program = DOCUMENT.read_text().split("```python\n")[2].split("```")[0]
    good, keys = proven_document(receipt), Client().get("/.well-known/jwks.json").content
    roots = b"".join(Client().get("/ledger/roots/").streaming_content)
    proof = good["header"]["inclusion_proof"]
    bad = with_proof(good, {**proof, "path": proof["path"][1:]})
    early = with_proof(good, {**proof, "published": None, "day_path": []})
    files = {"check_proof.py": program, "good.json": json.dumps(good), "bad.json": json.dumps(bad)}
    files |= {"early.json": json.dumps(early), "keys.json": keys.decode(), "roots.jsonl": roots.decode()}
    published = LedgerDay.objects.get().jws
    files["others.jsonl"] = roots.decode().replace(published, said_otherwise(published, root="00" * 32))
    for name, text in files.items():
        (tmp_path / name).write_text(text)

    def run(*names: str) -> tuple[int, str]:
        command = [sys.executable, "check_proof.py", names[0], "keys.json", *names[1:]]
        done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=False)
        return done.returncode, done.stdout

    day = LedgerDay.objects.get().day.isoformat()
    assert run("good.json", "roots.jsonl") == (0, f"sealed on {day}\nunder the root published for {day}\n")
    assert run("early.json", "roots.jsonl") == (0, f"sealed on {day}\n")
    assert run("bad.json", "roots.jsonl") == (1, "")
    assert run("good.json", "others.jsonl")[0] == 1


@pytest.mark.django_db
def test_the_published_roots_are_public_and_hold_neither_names_nor_counts(
    receipt: Receipt, world: World, api_of: Any
) -> None:
    visitor = Client()
    assert b"No root is published yet" in visitor.get("/ledger/").content
    sealed(receipt)
    day = LedgerDay.objects.get()
    assert day.root in visitor.get("/ledger/").content.decode()
    lines = b"".join(visitor.get("/ledger/roots/").streaming_content).decode()
    assert list(read_roots(lines.splitlines(), {}).digests) == [day.day.isoformat()]
    assert set(claims_of(json.loads(lines.splitlines()[1]))) == {"version", "day", "previous", "root"}
    for secret in (world.factory_a.name, "nonce", "rows", "seal"):
        assert secret not in readable(lines.split("\n", 1)[1])
    [row] = api_of(world.person("brand_b_member")).get("/api/v1/ledger/roots/").json()["results"]
    assert row == {"day": day.day.isoformat(), "jws": day.jws}


@pytest.mark.django_db
@pytest.mark.skipif(not shutil.which("pdftotext"), reason="pdftotext is not installed")
def test_the_pdf_of_a_sealed_receipt_has_its_proof_on_a_second_page(receipt: Receipt) -> None:
    sealed(receipt)
    proof = proof_of(receipt)
    assert proof is not None
    content = pdf_of(receipt, from_inside=True, proof=proof)
    text = subprocess.run(["pdftotext", "-layout", "-", "-"], input=content, capture_output=True, check=True)
    first, second = text.stdout.decode().replace("\u200b", "").split("\f")[:-1]
    assert receipt.number in first
    for _side, step in [*proof.path, *proof.day_path]:
        assert step in second
