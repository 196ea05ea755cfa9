from tests.bot.test_slack_samples import *
async def test_probe(product):
    for name, request in list(requests().items())[:8]:
        with product_log() as log:
            a = await send(product, name, request)
            print(name, a.status_code, a.text[:200], log.take())
    for e in (await product.ledger(service="slack"))[:10]: print(json.dumps(e)[:400])
