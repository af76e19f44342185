"""GET /categories."""

from fastapi import APIRouter

from scopix.types.categories import CategoryInfo, CategoryList
from scopix_server.api.auth import Reader
from scopix_server.api.dependencies import CatalogueDep
from scopix_server.api.problems import responses
from scopix_server.categories import BUILT_IN

__all__ = ["router"]

router = APIRouter(tags=["categories"])


@router.get("/categories", response_model=CategoryList, responses=responses(401, 403))
async def list_categories(caller: Reader, known: CatalogueDep) -> CategoryList:
    """List the content categories of this server, those of its own files among them, each with the schema of its
    `category_data`."""
    return CategoryList(
        items=[
            CategoryInfo(
                name=category.name,
                title=category.title,
                built_in=category.name in BUILT_IN,
                reads_text=category.extract is not None,
                schema=category.schema,
            )
            for category in known
        ]
    )
