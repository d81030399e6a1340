from pathlib import Path

from stack.demo.caller import Caller, Resource
from stack.demo.expectations import expect
from stack.demo.scene import Scene
from stack.layout import PROJECT_ROOT
from stack.processes import poll_until

HANDBOOK = "handbook.pdf"
SHOP_PAGE = "shop-and-returns.md"

_PROCESSED_WITHIN_S = 60


def staff_uploads_the_handbook(scene: Scene) -> None:
    _upload(scene, PROJECT_ROOT / "samples" / HANDBOOK)


def staff_uploads_the_shop_page(scene: Scene) -> None:
    _upload(scene, PROJECT_ROOT / "samples" / SHOP_PAGE)


def _upload(scene: Scene, file: Path) -> None:
    expect(file.is_file(), f"the sample {file} is missing.")
    accepted = scene.staff.command("/documents", upload={"file": (file.name, file.read_bytes())})
    scene.documents[file.name] = accepted["id"]
    document = _when_processed(scene.staff, accepted["id"])
    expect(
        document["status"] == "processed",
        f"{file.name} is {document['status']}: {document['error']}.",
    )
    scene.tell(
        f"{file.name}: {_pages(document)}{document['chunk_count']} chunks, "
        f"embedded by {document['embedding_model']}"
    )


def _pages(document: Resource) -> str:
    return f"{document['page_count']} pages, " if document["page_count"] else ""


def _when_processed(staff: Caller, document_id: str) -> Resource:
    document: Resource = {}

    def finished() -> bool:
        document.update(staff.get(f"/documents/{document_id}"))
        return document["status"] in ("processed", "failed")

    poll_until(finished, timeout_s=_PROCESSED_WITHIN_S)
    return document
