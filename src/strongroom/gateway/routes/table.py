"""Every route, and the application that finds them."""

from typing import Final

from litestar import Litestar, Router
from litestar.di import Provide
from litestar.openapi import OpenAPIConfig
from litestar.openapi.plugins import JsonRenderPlugin
from litestar.openapi.spec import Components, SecurityScheme
from litestar.types import ControllerRouterHandler

from strongroom.gateway.peers import Peers
from strongroom.gateway.routes import approvals, strongroom, transactions, vault_accounts
from strongroom.gateway.routes.answers import answer_error
from strongroom.gateway.routes.parameters import caller_of

_HANDLERS: Final[tuple[ControllerRouterHandler, ...]] = (
    transactions.create_transaction,
    transactions.list_transactions,
    transactions.get_transaction,
    transactions.get_transaction_by_external_id,
    transactions.get_steps,
    transactions.cancel_transaction,
    vault_accounts.create_vault_account,
    vault_accounts.list_vault_accounts,
    vault_accounts.get_vault_account,
    vault_accounts.create_wallet,
    vault_accounts.get_balance,
    vault_accounts.refresh_balance,
    vault_accounts.list_addresses,
    vault_accounts.list_assets,
    approvals.list_approvals,
    approvals.get_detail,
    approvals.get_approval,
    approvals.submit_approval,
    strongroom.publish_document_set,
    strongroom.get_document_set,
    strongroom.request_key,
    strongroom.get_key,
    strongroom.import_list,
    strongroom.list_lists,
    strongroom.import_parties,
    strongroom.list_parties,
    strongroom.list_cosigners,
    strongroom.get_health,
)
_OPENAPI: Final = OpenAPIConfig(
    title="Strongroom",
    version="1",
    description=(
        "Custody by threshold signing. Paths and shapes follow the Fireblocks API where it has them. A refusal has the "
        "shape {message, code, error}: docs/errors.md lists the codes. Every answer carries X-Request-ID."
    ),
    components=Components(
        security_schemes={
            "apiKey": SecurityScheme(type="apiKey", name="X-API-Key", security_scheme_in="header"),
            "requestToken": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT"),
            "operator": SecurityScheme(type="apiKey", name="X-Operator-Token", security_scheme_in="header"),
        }
    ),
    security=[{"apiKey": [], "requestToken": []}, {"operator": []}],
    path="/v1/strongroom",
    render_plugins=[JsonRenderPlugin()],
    operation_id_creator=lambda handler, _method, _path: handler.handler_name,
)


def make_application(peers: Peers | None) -> Litestar:
    """The routes over some peers; None only to describe them."""
    router = Router("/v1", route_handlers=_HANDLERS)
    return Litestar(
        route_handlers=[router],
        dependencies={
            "peers": Provide(lambda: peers, sync_to_thread=False),
            "caller": Provide(caller_of, sync_to_thread=False),
        },
        exception_handlers={Exception: answer_error},
        openapi_config=_OPENAPI,
        logging_config=None,
        signature_types=[Peers],
    )
