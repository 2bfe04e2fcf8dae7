"""A TinyUNet that has learnt to predict the noise of `images.shapes_batch`: trained once, so no check has to.

Trained with Adam on the noise levels of `alpha_bar_table()`, in the end with whole numbers times one step size for
each tensor: from -3 to 3 for weights, from -15 to 15 for biases and norms. Its squared error over the upper 70
levels is 0.010; that of full precision is 0.009.
"""

from __future__ import annotations

import base64
import bz2
import math

import torch

from toys import TinyUNet


def shapes_denoiser() -> TinyUNet:
    """TinyUNet(1, 8), fresh at each call, that predicts eps of the noisy shapes with t = (j + 1)/100."""
    unet = TinyUNet(1, 8)
    state = unet.state_dict()
    data = bytearray(bz2.decompress(base64.b85decode("".join(WEIGHTS.split()))))
    steps = torch.frombuffer(data, dtype=torch.float32, count=len(state))  # one for each tensor
    offset = steps.numel() * steps.element_size()
    for name, step in zip(sorted(state), steps, strict=True):
        size = math.prod(state[name].shape)
        whole = torch.frombuffer(data, dtype=torch.int8, count=size, offset=offset)
        state[name] = whole.reshape(state[name].shape) * step
        offset += size
    unet.load_state_dict(state)
    return unet


# Sorted by name: the step sizes (float32), then the whole numbers (int8); bzip2, then base 85.
WEIGHTS = """
LRx4!F+o`-Q(0pm_mTiBgn$44|J|5vc{=W;J~<!qHz;D{HLcY@;ac~Zyf!+*_5c6iS>FvQDwLEGDODvARZyZtsHha%NCc@;KqyK<N~Kat1c4HT
RD_C9s!}4OMx_c!P?VHZ5TQ~ir3zA&NkvA1q9Ov4A{12>N~%hgQlYl0q$yBF2cE!l(yB^;RT8QrOq3-hQb|x%N`RzPs!&pcO+Zmm3aLt<r6eg8
RYH*>QA!aiHo`~>QA((ykpUF&noSJ>G-PNhdY*_h0MInrngC?bJwO@&02&Q60AyrnJx^0*Jg4eBs6_D6sZ~ZakJUX!jQ})a149td(V#Q{(9jJ4
20+LF&}aYv00??%q%t%bXbhTU88FltFeXC~VGS6VAT$8T3<6|m^aRsP(F_wo#Asmwk){(sdI%T*0sv%aF*Gz74FNDsp&1ziO$^jAG<uo>4KW&F
222T~1jN%50GLe}1Yi>r38O#;j3B@e$Qo&o$kRrK4NuTYl|>poA?X?oGBN-RnE{9fjF|uc0f+zq$N&HVrhp&(O@H-2|4qo$*a%VMx1PQj;(9U7
?*g2Gq@cW#e9o{!?b|+O=!Ek*<~0?Qaa^E^3!9uNAr5k>cR7xf<VRTEB;$JuOx%(Nbeib3>o6x?Lg9BnvRNe#TTc%WXzakp?F8WXuTlkkE)jP~
A;+uk-q#77JIkf_440ET6ObHtab-<*=h`*Em#0;x8#W<&^yE#g&m}nS*cdmPYeuAXj@&i9q1@16bLGMA?iG6{V>-losTWPTQ!6-;I&PF}n#SA<
3o%|vVos}-)_O<f>l&#C4i&s=N4Isej&qL<xaNbLX5(^M70L^6^?JxL1&Q-7LsU8)CayT@ZQnqCNn1B!oVz{CkvNgd>D{avd`aU{M$IyLV41+>
bXNv`dPgdi^X-%LE8$H2(=koVeblLmWaECUIys$px@_vRLgeX1&0gd(L8x-L%ZQqj5lh~kq@5EJuM*i<)>b=saqBs)EwwrddlD2xfcjaQMLSp0
j`CY;)wO!Xg$1-}-g8?xY7?UwZd~UxGU2UKjn3+)S1j5lNs6lGtz8pS4mahg>~l`#k!1zjG@jbWJ7o~5CXQA+A2rcA%ZS-@ma<IZ;T1zP+hYod
G7wSB_?5Fb`c;@XVs01;%CDJMRn<XhX9s#AXJ?!$8MHZ!I7^6TS<j>Ed0C$3q?QTvGi1KXUhvf-?@0N?RZ6qql6J3L72L7aOJIu~#^i2?Z4YkE
lbx(CmX%3d<3^!vUDoR~!$%wuDiKahqnoYQqfD-Xx;U+hW2RE)MC6=O9N#zQ3pDxHYZ>b<Ak$VpG{&sMx;ed+t9uQb9U??)qP<hpk!2Z|qJc*F
v2{IMwME>n6n@GZi7koQ(yWtdKClOEnqhZjLe^e-sn+U;5UCwcu-Yt~;uT$jt2n?0g66w=Se_k@Eb~wS)2exMUDh|nVzCA!ddV)XJ0)I{J9{Vw
t(?iymm(cG!`8(JIUGWw(SoBi*I?X-gw@-dWL>K0ETYoST$&ZyFHovG*@;J4xQ)acCjDhzeED2VoNJIiF^9{B(<8O#4l`K8oYOBZnF)?h9o1=*
I%sf3u{klms&bv3fx1f=EsYy=u*fT`ZIwBbH96e2O`LT*tZLVl%B;^Q!bLfv>dSd(`5qbEN~7Ybq}HtWpzfzerX+_4t73<8iy>M<nWr$d)<w~`
43atC6XBIjjki?c2{VO~be1=^8rDk1Dr-hA2$h{Jw`aN8&l9&C@`jg>LM09#uI_-E21It*R}*+1ZupeK6m3fdHRE#F3E4|E)bf%G50_=gFGYsC
(x+PN>3spo8Ea9^sSF}AJ$o(?MBcWQ#ai?1==m;T*4+xO(+S5251f#pz!Ks<4K`db(8~>RWtWrf)+Y5f<96p0=KU^yq;&Onn8@Mkz;W5Rm#b5>
?gr*T(BX{ke7f^d#KLBn$>H9{>pH%6HFNZjWG96}9cs45Q9yWmaI346y&VMSafbEDlaBXS02fMONE=1lICgr)D|QWDTDsL}lZkCzae=FvB?ZIp
GRd1l>a2Py>aCkj?p1E6a&?XPhX@%{PPc>8t;%Zc$YRe+)|Ye$f^^Mk)n!&Qb?#YVdXNfI7P(nDitdtAo7%>arRSfS#v^Zb?BuD=6j;x0MH5-n
KCbQ^Z;=*Unkdt^G&O5OjcN#b@vDRoHyfmK<JX^3ahG>LV2h9jyn$U*)Tccu&aXP&OP{B)U?lxJ|7XvcqCcE~jX#`rt?4@@w<y*MawX(=P}em&
siUr0j)T@T`R)~2^)9GxCsQi3mIX!3Bl5zEJe&k5ubS9UeS3|<nw-<)n$c8N_f^N6y3y3~nTjEBDb`mNcG4!*CDV$87S<qE^*S_d9DX~r#nb|^
`-ZDJZfh1*%hhKD^ze$#<~`JxvgX+wS+1_mE(Z>cx^fKVb|lU?&lM6V%Jr(dEc4`!Ze^3rU{^V1O7=tM+*LI-b@Q2!mZM{t?I4Y(I<#Eron%JK
RVB*3p_H!62E_2zNa;9j+nn$;x(r!u&h}}+xRM^a`t5HdDB9^Qk@mD^-D-&JvDc4OrzwXUj%k+#%|l*pEzY^NQAByEEk(?IIyE1eiAiY7olmi<
u<A(bk7B0e=CiqWmxs#Jgv(PI=5hzhmfHEgPDk}q|DQgu>HQ<@s%!5?_mnbDY-q5;XcY{^fJ_>Ms3<}TD55|hT0T7bbt`%rDpwH?dBy>SA8UM`
=`qc4ZK6ntaj{~OmD-n2Rwoo}QeHaq$Wr_)!}vao`PwSW+}aIOM=l#<b1d3Bs;Wx3x+v{4tbJb!a_U71<4M{M^rpCS!Ze%Fm&YaA^cl>@99iK^
n{lrVPHw7OUonzPFGut?ug{r$&(<r|+^h-7myyGiuO%kvcDcL<5>lq+wU^nVYOpS24yjzHPcp!3r$=8*z=Ui?y?Qw8Pzh8VTt{y$y7Ecd`7&l{
HRp_|j(v>T8PVjr&WnVsgSX9UI_i%~E1GcHHB&0A=0lu!f|0`WYb!xI)r`(qtUwAu%sacTw$+8C%JOy2wR3KB)26oODn%4pbDOn?Z2fZGL5a89
l;aA3O0`S}PLqzxF+0a2S6~}Ofj8sn6CB^mJvTDTDo^83y(f#yntM4fSdhr8TyH(0Nv|+h$%h10cJDPcsMEW}()Cw!sl=HaNTqB<&Fk4~+XPT0
Z=#pVHy=uA>%+Dw92rTJ!RgvPWC}NX%(gOix}#D@VeYvUTgM}_I2!FWaO9<W4%C&#ik(y0^d(&U4~+2dH^R>(6bB@{)&=O27MZBl6hUn|-T|vs
ir#Z{ahWzYa$Makl2_W6Jgz11i$bc?MYm_>Yh7v85e}hq(ZHJ(OCB0HXfD#m*<>NCR&KmRERP&goJG9nIa_@AgQJ4D$ct)bxbBg%Jm?UNp14>@
dAqZ*sMT|yog{$@B@|mX4$HGEMUyo0>d$rE)CkOt=B-<EqL~M4uYzgA;ms<^wl2?&hz_bGWEHkKq&mLkqg`ajHcaKJcGgXzX)xyF(OBz^HezP-
9ZfQ5fv&8gO$|G56<6I<I@*oO0mN8V9o(K&(`z#v*TQxJ4s(@ULiW(PSUmJBS2q>ef^W3tr5aK-#mY}@W{;Vq6tY)J4yzw1{g)B&nBwZ)CB}C&
a1Wdo(sNMA&KxV*GC5RCf<%v@FA`jG=%kos;Oi`kHo84<?;Nz3a<iqZ)Elof-&kig=dwtu#G7sQ<VM}ZagDk-rgu4ma7kB2+^Caln{q&1)3s^k
D1viZsvD|q@U(&GCg|#OoZ2xx!!52#wM_Mz4dBhGTBzf(rsibS0Asa2yc<1JQAjfk>Zf-*vo{T)iB2Qy+Py7Cl2s$tR`(hTO9eB&($vB!Ct8|2
9OoIvMQb^A+czUjSmBA|G(vUDSfXTmg7xjqthsFVweh+0jpWooX4QJc-ZfS8eUt@7Ix4Z4xZAf^RegCCKK3C&^Blx!vh#;c)mvuaJoGW5eKTEe
aP#8TRI*Nfnz=+ZByB?)_Nt>HNesc)9fWXd1Z~Q0)*5x;Cw4cR<uOIdlcip+1h|r{QmA@$b5!`@8BVSZ^pcy$D`t<5S+_f*vyv1Z(_5Xf5fWq@
ov*s8J9O@VY}FPPI;vfqcpB?^^s&1momL9wlgu}TGscY6Bi2YL%VX*{>Q0ww>bP+cx;+LZ>yA!Qalxy4Xg;?-Z>x%B0rov%4H`9Xy4EE|%DSN!
1+dE7kbX0q(<k#lzdK45tjBq@;%Ge>0&`lbk*2Qa$5yFkxEtB2CR1Bv!*VS5pDAR6)(%wwRkxo})cSFoSdJmQ*DT*jdQ0AgYnzDm9&rQWt9f;Z
h=yGbPOS6ULpRQDySbelP`N(t@NRuM3QEaQJRKU+r|PlV?{-z4b2b4Fn{zCw6J*b;n@YjQ2MQt{?dL0;w0e}AU^fBVYCT%%vIa}a16`-8y)&8O
yr`J^B&y+dGo7odKGTdAYEKsD2_m<wl1RDoh+wLGl{%}pTB9SxHX6dQqPB58J3DySJ?QP=kkLrwo1R^8pHjps(@s_eOemV{UCs8htCG<dqO7-T
>zayGM+8o(&8HnZ*j+H!SZ0OQ74+q*dZ{34o@Y1cvEWo<TDf~uo`){O^4qlavYPc>j&WC3<4$;T9bDjbCBh}6%2tm!=92T4Yr0rlM(*8Q6Su9Q
(K`9ymTx^+lWilrsS#Y7_1n#0tx2qTJfw<_X@{+uZ&!Bcxa#359HNNrW&(~eMUrv4Jf?L{H$m(hCP$Uz8&)t}pAkq!<Da0Tt;y9pb;y!6%XIf?
iXMcGTO9=RO=VsdeC>!;bzSNmGjhh9cc)q47dLj1HavzYF1F>7FKDxMrx_^q(H>IQFgVlac(T5<IjZE9<~2qgWpQ>26mCIE)vc1!+~Xk?W_Bzm
)phEPVC1q5&fRf(*p=STCi&_EQNoLr*KRg$a_;Po)U<Udt;xvWM&=6f)xNm^?NwK`);y9|b8aWrA*S3rN#K1z6Xs~>?d2B7IESw}dSOn94x#0E
mGaqEq{oGl6RL2<Y{*sFZ?VF0hR=woRt*stl68QDBeRQ+xK8H|<nKfsTQ4HrS6)T1kUb|n!-p0nRuTGEB#Ot>hbD~gGix^wo&}yc^w_bHK2Num
rACx0;>W#HMB=(QbX#0#rFLFra?&U!ps+;xr_5^fUCOaZy3@4dGVx?;z8sbL+^vvnhux$qIy~J(1)k3Gc}3k8<l@oMK}7k7QikSjw&RTXu}J(C
seL=OI953b+G!d#I--kP*OgG4reiudAdbfCClPAVG;zMmHnr|8U81RO4G%+BxeARQ2^V&VvO#N9q~?y@-khIDHFKw#!&$y+J(aP_(rL6gELm=A
hFWEXroDYrV{N{LcSU$L<BE)BUv=ar6S$Tk9a;%1wCuQ(**Up@b((|Cmj^Y<lO&Ziyx^Z%kgUa2k05;8slHFPf(jbj-P$#~HEFcYP?pf?(l=V#
=b-RV+n6|o&(o%ArIY5CRL)Y67im=LtPgTvE`7C<x>am0HNKSKM=RMYnXQXnoc9Y=wkAoLk}f9Na(uS!L1H+A4$zsEQ=`<Qe9^XDp2s!CWO;OM
sMfg<7_60N6l&PGTJ-AMYB2~Aro@_~h^vI;+E1ZhS{-_(_GIbncD3sKy#^1Ywymb@^ZI065Sj7ITx@Y#>b}X^oT>brThnnUoZcTmDwk(2?+mjw
J79HnglG`_pB!E4v{g>qo70KJ6|qf0ZpFR23ybO!MHFM@A8tC5?R~sla=9tG^l1k(UkZv{s%MD_M+oVh8C;q7I{M90<SR+eb&tx|2J<50Pe%AW
`L7rgeWWVuTdWpXYblIhZDvj<$|rkQV;!cP?Otw8E~LC!+Nm^r-%>Re60KWr(<8O?K1fOdD5Pk}B%oppG7w;~<VZkJe6La#T(nP3*35IY=tHQn
*EPZ~DV{s3>sc1pB2xL+wH`Tga;>*z9=Os1b?%SOxvPlhmO=`gx0@SowIhbpyU%IE=7^i?5mLE5r#7<MZ2+nnbgSE|8cz=~^s=kdSXNp9dhrxo
Ub6MA_bckzX6RLj1P5+$qa3=r9m%D;PHpa2m9klx47QRsw?f3B?PDV7=`cZI+@cy!cV_K;*5#l&<l$v>8#pa|H>T1%YoCe~T-8U!C-dQ??K#&7
{mFwDFLobf#>Sk}mtLwbqgLjNm&=DUZ|6WgnATE9ZmL+TB~{KV=eSyI+sVwEcGhBSZfmTZ)sZ+$xknRC<2F*q*RG3KViU0pDJZWzM=jB(DNr}i
t!mx0d#2rT`KI3#t3RA2(7JJ4DP&FhrpJI?O&xm+ZP6_ohbU3V>6sxQfjwVzjCw34mpp>jmkf&i9Gqu#J2=hrm8*m?2U4AhZrXd1D4SaPDbc}?
n&o`@CUZ}kv6NBgva#LNE%Zj_aMMod=!L?3?siD|H&tC|9OQ6W%^=FNIdx)$7<Pnd%;c9`hO<(_^wmspFE!bb!P-NqRquB$oEdH;om`3&R5#Vu
mt2F}Mbo<SDQ!$Wc?rc^MXgCh-(`_TR{8c;HG8giUb>>S%bcngP30|W^XSbi#PcnYXff(Y>O(Y&-nh@5v0`)|ZDm|F-Fa1ejGN*3)YgjE&0-;3
fs(}1=`9PTRSl}GwzN7`3<z~N>Us3CzKY2U&kjSB!Z$f5Uo9?=SJgnGh=hXH%%nwaOsB9}BxvL=x6yZ<?jdx55v={x&CTxI0=G&{q<N`g!z>Ba
F=9>?a=6>6@f6meQgc%$t(}^;2}c<<QdIbsD~3zX-&Y?@SgUQXUf{<t>1=AgY(w2emti^5t)C^&-Pxw0K_<c2?B|_`&v!iMHK`+LSO;dxA#iUI
ZYpt#*;&%SUBaea?4702Y|Y14)f<Q=h~HQx(()X2+Nq6pCy9;D(KIz{wJFGox}TF0cLJ5i%q?BCtl3gm&iS-Q&Z|9KX^4-;T5c`wi8r#H9)jL7
;a^NhxxObMtvu#BOn{m<Y?iC6(V(y}y4d~8cSU=wVDmvWsH(>JWljm_b&8iN-rI9$oRgkB=dsTqis&kxRo3romYG`)XA*Le_S~md#+9KY_Pru)
b6A1}!nh;F%em&;D)2fkam>3k2Cr4dZIN~qTtbM)y0)k$3kuHSb*iUhQu-rv;W$?q`M&EhoOLqxbWt0o-N~wlPV=otBF(LgRn4qP>{`Q$`Rn4M
&D*-n>LiMx4s+4@@xrrOUDi=?Imgc9TeenpeEI3?6bFiOeaY3@(}oz-q^=trsz*>qM>?{soyQ%CQ6{Tft+Y_G=gBa1wz#-&YdcXaNM*b0cg&j`
?~cEgD6UZXqU1D4+BtU-?to+%ZWcRv$oa0P9oL3s*x3%X)aeti&#r=l#rA8gPnk>69k{EhFD|bkOu=AgD)zQC&<TA!PmMnL7WtUFrUxxO)m}n5
$hrnK<0|9pcXvekaf<tc15pjocS+7u3o$TOG<Od?F1fJW8=`tGGF|jKfb{3^kGb)ze7U+?k{u|`x;-OgYINmcW<(tG1s+lEX}qDVSqomAR5EAL
LNtd>dT6L+TamRS>&^FNu@)qEZdYj1ZG!YU*y%RzxSF*_rB1rfK#p6}lv4$bLFzDRidLi=XitYl*;P7S6_cj5V?9jkqIEQI>8G7ECFq^nHyb)9
YYWeHVd~<xbkera!=lyhcNbon&NPEZOJk1J#xXhDT<xzp1<{=XOKBD9o?u@|Ix_3XO-XrB){`|A?acRXBZB8@R%sM>KD@~<SKAy8a_HMnJ<ql?
*}9Y&&B5rg%3I4@V~9I8xkueC!F5FxJ4kvF!NmAcx!I_YN$U=><TI>blGN7Oz>X8LonJo$yz72|XQG#Lt)}tS6{#EM+oO-nTc8l^F<!SUO*9p5
I_A`9RU<1<(FMY#BP^Vgt!CStbri9tOG79jjABQ*&6&@mWs7d<!<{1P$vNc0Zh3{I?Ml~cdb8Sfk7$(UhEzG+Ej_cC2Ig*7=X7I6gH_x@^lIlK
Ba_dfh*Qq1*61K{$E8YW%UTY6?dfFV-zU|sJ8UxqV#ggXJ1F?0K)mMW+AfiFt@XK5sMl`ybwIE#&m&mnB+ek#yqTU$rfD9BAu;Ug_Rc-rE6yXV
^)tAf)fTqm?$2EL<$4W1T$VvwIu}VFo;;f5-DJC6&S6%nA3@t^Y|X^zZrVci*2M_O(-cEQ^3&a?Fw;nyT$|f5YNn5(m#pKjp!wBV-&gfNLs!I~
6Gd=xDx&ybp~>}cRPDT1&$7?CrdcFJsz6YGOG)u&r^kMAE(LqH8j;SlTqN9tl5NR~M2f2bsuGg|$lmPn6vMyH=#-!WW6X+11K>sor>HbLLeZmC
(O|2sOlx|V)7KPNSFPQ+Tqd7#7jCmAAjMMJDM`t*)OymYNIyfQv(nygZO#&2B(r51q#rJEF@kNTlj`lfw0DSGg*miVh&NX1+Bs*}x$X<JQi;i0
A1$noDYlGl#7Q*K7uF53jxO2s=Fd5lygVE$<lDPDn<UcoqPZ6~oh4Pp(ku$0GWUnOr~c1^M{bIW{K_E4ke;?l6u&FxDHE*K7S3A8^gW)B1F`t6
Idj$$&<UOGdNRv-#bYeiPJ2_V+>6W7S?u$=Z=kW(S<XI5d}qZtBFgJG4=v8G9h_I4=Rlc~_P3hJy;Mf&+pWk_su=6wcZI{6E(+6KsCvqy?lQ9O
Pj#n-*DG?N%WdGyVK$E~7`JO2GPbOB-Lf6RP@<w!iM5NRXG?otF1;>&tIDh9b=KY4-JUya<L|3oW7Fk}4Wa;5;e6O8S8{ON_Fa)PjqG?a&XBvB
sm~Qz#qGGSiDzdqU~(FqUTJX~jCm3qrc>QP^`?)i>_Kg2YHPHkS6;oc+t?J(cF<Ys)ml8NNn5V2xXeCk^{dr63tuPog`0`jruiVTNVj>s>~7wp
EQ;3RX05xZoRV3CJ4{HMSvs@4iQ;Q+?E`Mmj`mwN5zJH!wp)}(mo?W^x<UG*v2de>g1Ryxc5$@$Z-<>)3D+#UL>N%ljzz@R9!D&)+3@cZfa2xS
(Ay>If!8Bxb(^P2a;R$Pxs!_?)sJl@lGO208kY2$wHxWRZErszUVfZgI}aTx#vB?YBEIK{-qQCX^nDJ3B#<X;+)d7)sI!A;$6X^6yO!<|lbvBD
R5en|lpnfxH>UN7jZi4;5JJ?24POrOED74Y`8(BaoEICRqh%$NDK$G9IIi{<eJLQR)D()Ql#IPxY@Vw~ePH!0x8k$Tw@M!n$5*V>i>Eh?<2OzM
C{+>aQA*zgE@&88-Lb>vIcD0MQoOlmW9!UA;LNz3x@}#$MwV};gmTB0S}tVa%t}O;v?g|Taw${rz>TAuV^&_dWui9C@x?bw(WIQ5C(n_@IglI`
(b+3oTRT-+uRwdacuwO!*ww#IZ8sD-*=^_DpN*cICIXf!_Y_^$+uh@Au~5*QdHZF0Lv<-=bfSUFv*(pgJRGfyv(uzoL6m?N=2_WJX6c90&e#-5
U_HfsF}g|ui7<PYRHJ^mpldjt>knU88Q66)lXN-KcSM?5>1Uq3ooM5Yx)wQ}nTqv%`W|Pieh&qJMD?mXk4E;2y-bGivYN}`$kMgYw{mY=Yi(OO
a@ZSML!r}$#C>00-JlqFhd0=3N+&h9nhPY0ISyK;?T0RX3JP17Bdmpmvrw9A9iq}jBhxIMy`e3bp5l7Wt3JZ59o4H>SDU>;uBtrLCA}kP2{KB?
w9_MTc}nY}l6H)GO*UuL_P~#avyaho6eT`iYVWbL8x-WNT2!^@>wX8tiSpd~TlK##3G7aDnn^ZwXFGmQ+axk=G&bdhYtbhoVt2BIS&oY!?ajW>
vN|F(3YMxWqZMxyB|<%%y<xeRtLe8o=K*I+RFQ20738s_jY)CSPBS{%g=J1;a+15@^shW}(e1J8OB%j<THPrF1*^wItEinp#j>V0$-#3_PFZJV
Ok)d>y2R{uvJtUFSGrBppsj9$4yswE7djV|mz(FpDjPPHtTmm8WwW;A<X36U1h=Z2Y&b!uX=|2Xa@Xd@x%7>0Zo*k!RmUTeayc<*LGGTxRujF8
-fKRE&ef%n!<z#0k<Jwv>ZuKO>eq40gt{qjaNcz}&u9<B)3eG#uSTtw3%e-WP;Kl+pfM`cl=ce9!e6SB<=cg9`KD29q9y5CHpQ*<q1Ur^S&X^s
T;^y#(A8}M_GsH%<ev0<9y6rQ%Vl?~>kUpEhYq*4-lo|rvwPQ~+}rH>y-rLzHwH(92*lMGkO=`1g8)?kP=H9}iS1X$*l%4E(@eSsK;J~?^$DvN
(&-bN=Bf<6xk1|TEbdY5bn9u(v;%1=8OGgvc3N2yc~+UFs>~%O%1rg0i#t77C)&gzojTVWx3#M1^U+hy*}1%&^UI87!jjE1S-)G0T=PSj)g7XM
VmqXDMTBrz@oij}4A9v=g-z+*oG>CLgSAa#UWzG*uwZ9M&Rmu%iY&O!-RKhcS)kBH@`Z6xSM;g#kDXkXzEQ7%m#J;GiH3D@nO$AXyG=4_w-lAL
9yHo@`d=vlChQMAS4&$L#<ywEVEY%eyq_UnBBpiZT;daMXsBImZ!~c_xe&G^3a>e{-e!2+RdSSks6g3{S~m2mN!k>tTRk1PyR5HLMVwM;oKq{r
y$^I;)@Uu^1CA)~bmbxdd2HM?tWNJ4zr++h*OyCVC&QV$CZPBtn_R3^TF%(5?D}jz7Kz6gs}!5LWbGQQz0F9`Ow*8LH5xKnQLvSpOt)n!>DSIH
IXtExW01)yWx38Y&dxm*H;mEB3jP~v-k%jy<+dL*duw!y5=F5%<a;#)rSRRa$5_3i+jNa_g+-2N2bpiK2%564jN3@UE9Wk6+ddnvNU^vR0$G7>
RoY&5W!lkM&CZSS7hdgn73+qSbFG)q6+~eexe5uHGHD-8B+B%v5lg8_5HX5k0)l{w#xR79RHUWU+kX^tsz^m<lg4<XrY$vM>2bcRBf5;(=o9HJ
b<B0R^)Jj7O)ILq77ATGc%N<R0J7a;*EIPZnj3ZX>#~<mERU9C##wTE)?{uBI;lns!v+VKox%i5RI%pGn(aZhmV{xE;6V9=wNQxQFs;+-B$d%q
o+@N!Lrbp5j_0z(7^93M0j8r0vU0zOX^So#lm*zcBdMS%3MYLyN*qs<1`D-aEsl?SO&iCrO=hk@<Bem@<8O91%;#^}*(5v&{9j9j4=Zqkm&4Ya
626DN!^t3Hadlir0$1<(kbDVJb%Z-8H&`p!?bd?)B2R95sBoN!20UdjUJkPkr71LNDg`kR@BTdj_l9B@p7y0Nz*r0_1j*E$TEZ@xIXYuzeGRvG
Ak@K@a=3Msu(ST}etUFO;*aq22m3f7w*rE+Fo6B`ll5o-gEu>>tkW%S<{n|~3HIO4cJTS?*gL(RN;lEnZhLxtt)S4qEPReG*T}j1UVeN$AM23t
!4YowdJk=Z!qzPO?aH{nG+%!Jw0ZIOyY5|o4>frD+5HFonmQb}2j<FjXm=1aZ0vJ2c6*N}Zq4WWw-d;G?JfU<bJp+W-7N*889k1K<4aA+(a*$0
hhr4?<%(`hgwu{vyfj16EL>*F+^k5QGUTp{_$`F$DdU$WnnETe5XpL&-798g4;N*!XG<-(O$xNlGK`nX7>sMOaWhzFnozvA>%(2^Xv-2|7S)=I
6@e{pp8W!@Djvg=DdcWN93d=NRm_2_X<C<Fx|fwqm@gbPSCYqwrB#v`glGm(k$|&v>q2wl&oX2XYU`A9xr*adIycYPl+i`VS95i@2}{>mQ&i<*
x-`9FCT0)<oVsv|q_wLg*GJfW3F6Li8$LTQS>h7KW0f@)+tE=Osx34%d5;BgI@Pa7w>sK+ayj6f^GUVJRzdFUNxNhY@Q$o)O?G>lpk|KFNx@L1
eG$^;GU2jbOcU2;#n5@BI(0*m?NxK4!aJeICR|H_^NsVAospvEEA(e-`8hi!YvQStzb@jqL;~3Jnr(buA7^`mNpaGLpPp2mdNwY6nyyVBfijwe
p3O@fYEe!Uix*7Hw2w-n-CWZ;$ho-Hi#r(T$9G$oZiAgQC5o6)wy`*zF<wq62V%R;Wt-{M`wO&ZGgK%}@J^6Vrde!lB(GtOK6x{RLGa`4s(HLp
xZlz8AUi*qR-aA~y!v)ya#tU0oDF&_HkIwTEvXkJ(#-nuYbltyOJjmpM$Yr<wo(=$q7zK*dGp2xbve^<l&_Pg9avmyx#H8HxwgqUZQ8hV>Ygpp
^H|}fX}M#GV57Y!38JKXGpJb<s*w|3oHZoJzZDJez3~s`hJiGQk-lt;jU9<sWYZ`j$PqtT*N%0qX)axHXKD{&RBjfk(s=96_EJ!7^M2iR>cF*K
y3VM2r6$0}5td_?hFH~>>Q`pnEL_s^40c^B)mk08Ev4>qX`5|Rwm?<t<$x=ktv$Rn8dgr*kh$B@ldj!_qN+yDw)C^A?d+PQ)R7n(4(m#!Z>{31
VthMSbgrpQ)3!sOOi=mpMtq&|_il34Tuho@DOS5+hOcyZBWUFBqBecfta!SvENI$Wc;W^Z4nC4F3v}G)I>1k)6^aqdB()jSxE7vn;`D=p=QE8C
bsi^g4eKvvE;BP~K3BuKqr#5I8oJKeVv2*eo96kX^f>E@IxWzp;ca&Ele3r@=6;f-Bc{wtYWF_1;ifd6oXr(Zb&kb5s&hp4kwx1@LT>2yCQEcC
ABK)n0LurMK$PhgSFF0cm|Z$?+?sGJ^wFniTg*jbu!$4}06@V|95p&7QzR<fGqLcCNC{2k2JynRKgFpvoX&W0bEVc!YPlADN=dQCn6<_%y5$LL
Xb~NG)sr_@=&wbVl*Xw7%`%YdQckE2XK-~JhfApj=O?IaI4+S9^y1|mj?i6g>8-4ukGrYcaG?yLJ%z&H<Eq<ny7c5)pt|FFNFpl7!oVW7m6q~{
E|YF5kvdl%)t8V=;jQHfnquM3kyq*yo{w)cgjCg)y?ru`4NXq%*{K{RWRhX1s$@_cl&aYL{TyzL4mU(@^;ViumDninGE!UJp1k1!YZRqp=;ew@
o3F2zmpwkJe6K~{Et;P;dewUb90gxP6+Bv!Ba$rfO8L%iOj+Epp${nu&eg^;M_0P{Y}`#lj=Q#er2-3FYkFNws^p?QP}d=v4A84W8@B19<vTui
lujm=*>T;|tBI_urwdk|QDIJM*3#*e-ra*{D<<knHIds#N(CoXDcMPrb<)AT6w%I#O0wWDX}H?G%;|^S={gTq;h|zXS8|l&)s2Wvi*j|bwXNr7
-P+^IWK`+H7f^QIim8Rl)2>6SXtB;Kdd1SUW?cO(Dvqi&CdS;2$ll51=H4*g32U55sO^j`msBr0we1yFcnniluRvh9PohsEp12onJ9tf2hTSBc
JBP_JI5O~_xu&rfbK(Y>9PLh&f;#x-9O$oY+o>AeJjD*%l!@KdRyywu=hG%=#<H`8tL<DFIvZ@<BwKaiLu`xEPL+8kb<)&5Id0X_E>~YvYn3Q_
nN5q;`pHSgkX@qgE|KXYCVSD>6tz~O6>Xtd@aZO+J8EGS)-pC&#MNT$B#zbE#Hfy~-qPb|MWLSyutU2&VycnNac+(ZTFZ2bEH_VSN1=95*C`x~
O}k~VWx8Y<_dK3Y6sfAVXiqe@jWY~=6gnJ7BcT#eb`>c4+N7}ar0N7ww1+dBs+(TxSaWq-AW=SSPFA+ufUxK)^^M%4Nw%n;VbyzKgL=n%TcUa=
J17Gzay1UPl&8AXS!-|?C_|r5J6@ZuFM=qh>T=_YGo0ZUX&SaFvWs$i*DwickC#Pra&}jNyvDL~tcxPl#M5Us#<Q8Qmi3*hdbNut8n9Y%BAdF1
%JyB6$gx(?^f}1%C3Li<a2hz;yxn<cdV7hM82cWoScTSveEzbpn`5WWAz;IT%Aa0|?p+*}uB)cz0`BTUwUpW{$4z*LWYG}2f~#<gGgiqsTeBy0
#_0*40(2c)lm_}@%qqq?VH29k(jCh?#*>lOKD5XS?bSxjaaKiHzC(^W`r{rf+@6~}KC1dI=8hh=R{c5gc4$MSQTVN6wb#y;sznu=N^`-6f=f3}
is<J=q^y$irSg{|`*2Bglg_quA{P*`%BIHJ<##EFx>t0Pu4|$#3!gq~HvP1#iQ|&1NSeE%nCqUQ(_1E-4x=D-T{Dlt3s-6uMM}0^HB!`bcHJD2
yEgKi<d4$a22&5TPU~WsJ!2IHtJuS<JJzmF3E6X4Pf&Ps!&YS)vIH%ghc@XrL+b1@wOFNlJ!{D&6Mb<D#9gD@95-udO*iVHtR1~XdQk7E?Q?$`
Vd*|~?}M)`(}k?Ff%bWBWt`pJn_Hh=P)?dIjp{T@<B1&01@qDIIPm5avjt+;wPeewBG*q|1>KtCoy)6zNzO!GJ5E;HjaBS+CUeSetF`WpT0HRz
shs5+QmZJfSxYA~hYpY2R``OYoQ~PRa_g|Q0lidRTq9)Bqq=5vcDdG4s&qR>`NpybaGkGdV=auzx48-M&CJ`SlJ&IN%|l9qL#hmBgfg|K6q-m!
=_KV}Je+4O8p%s|(^lP_Xs}Z20x<0r*>?y=&k*TncS(rLT*y{vJP~I`%B*bR8-vxpR&`}Z5w&t}S*#5Doz7CO6jL0zsi)I1Jx^{!_=7&2Hln)J
Y@I`GH#?^rRd17+R@$ag?&MT(xX^;VsnPbwDrv?gQk6lr#4Sr*Wa{lyw{pB(+Nsd)yh_b><=Hc(B$le0Bg>I^O{PqXY9f)56BvMLHaKv;kaC+M
oPqJM-Y~XBM0zn5fW`_E9kjZMy>Y}*vtAvlO?mowRi>!tE!b;K$YXaX=Q}IhRMX~q%f&|GJ$D_V3_NS4^sghTyK8PucWH{>Ad|8a9)ZhMV;vy{
&x$_6b9Nn9JG$N{pyx0n?TuFvcJrJ|cI|qx`4e8+YtbbiXE_B|o$VasI@@%QUY4aQj#|*}W|KX27^=?@r$p}=Dp{56Jg$S#i^5#H70fx48xd^P
AUbkWjaW;u1sJ$omhGob*t}{?#b&Lm$U^3Eav?JCJj&`bS>&%ylD$rqNaQf@O$G{!ry?O9eXGjM)*N$PUuVx_#_mJG%H^%_wbFHpI9^Vwi32-T
tt7F~F^K}|^Mrh%i)%V=xtp{@i%8M8OO95|>`VmfmQ~vYaapG>kEwH4SCMZIF8Ds1U!Nq?D_@QXyiAqjJl=1ePtcEJa^nrj2oao^_*qRgj!RX5
YUoQxB)&t9ig4xdqQjR?)vB5~On`cEdAo&_mnp;L*toe%F*_*ow)BD3^Wib9+P-j-tp#h!omz=1U~i8_T)m1o?6zj_)JxlqK75&5yvXT#Hg;pZ
T(UN!eJe@1dS2D*+ja2Ytha@9w`e)#e8AFMk#da#!ygil+|=8x_IsWr`W@wupFSO*ZIg|2RBTF9iJtXsF+MoEqid;g`CHn!EhSEKD|E3-@-}m8
Lpjft%DEvX)@?dIpyaV@&CJcqcB@;bR6$nDP`EygUoPDw7s<MC+=N(e@sX+<=Q)dmw&X0*;JsI8B_+LgZZ=0v!m$uRq)4TY4fK>+ie%>J)6Y7N
SE`oE%ATywRQm5dvc+&s$cQv6J1V7dG%md5omF*{69OY?$D4OMCow?^JDcdq%C>d66p~~hd%7j3WckM<HoO)$+lDT#&g%KROSD1TuLnk66thvZ
6S&mobWU|@R%kmIn^MgClNKLIOYDcowBQhlQBtb8lw<Lgi)7x45IZMUP3Yx88n$k>n2GzWQAdrWS`eJ!6K@J56%NTQS1NRz`g1bv<&NaKEvlWC
-Aj&hU^PY-I%Aq|qPuEjSf#Z}2X`s3FUov$N1ExM&xcY2o!hTv3qZt(h!$DQqilTYO&xVcSJv-oa`s&#iODnGh>LV%%=TnD)n10{m5{!ba+%pI
tgeY`6kThw_G+H%9gBBi8<Zh!3zSNah_;Buy1ZiNcnF^bSsICYzezoH0V7(aT1+7%FxcB7@|?6A<+)@{j_ZROsg+I?wR2)Nc(F*Fm}TWSja3v`
%g?s0F-=pjmM$1t+LGScMx|QiLjt-)aAi(qWNb}5)Y10NrybII*5PHz;i$64gxJ#tuO!mpTIVHSA~BHDLpc7au3T@2Bjpy8bvsWpCipcAS2<Tv
I31nqF+CO2pJfWJ3=T^?rC6DhoKEg}?Uq}uDxd(=2<JOgLT!OxR?~_bX`bG##yi=xmmsrO!FF{GWioX++KYyBYn9~W6tjgKBH=pmjK?*~i_^0n
l;SS13EGN!#^~x;c3_5TmQ3nUz9A0$pEGjqkxh~Dx~$2kJd7DF&2{5e?B&Vuz|zFlkR93zHC&LI#QUPCXhM5fRQavaTXm~)=J<Uu=Fg)Xayvy*
y{*SxRTUF#CAC$o3{pL77O7FXTM68zj?qabQ>Z^o`zX5@2(?#sZ%Nq~iwV%00!Lw{^4044MRUd3_Od<`mLN&SE80iSjS51E5(aeb&pjQ~<<QEd
FGp-@US)h+6b^PAEtsxp+~F0v-i=Lcz^a{M%HBNrt)}I58D)1lZGg#dOtx1|IQ3H;bivm2$5}JwEm8p$idGi)aUUmI=3#d{*#ULaS8$piK9+La
n~hA#GY|r<TSghRRY5bfl*Fmg-Jmyd+qpf_iNsRCfasqRMY4Bo>Y`lpnya*1#O6q%>j#2mvZ!Nx*BhKqlM}H#+M=7UyDrKVGl!>j5!x`k>10b@
bHOb$&sM3GgJAb}Y`cWj%A2IdV`E|{$&u0vpD1+ZBF?HYUroejot@Dt@<dB6t5!B?lOd*euQA$4wb!2;wOKMaCbrXXFqSz^6bTlfvb9F0Y6X;W
XXyqxb4;+FQ7N7liXB^I6kP%jp0;#brh!Yej!_<SnL?X1?X}^_Wz8=pbavRicIzwW=^j~bHZh=j^pT3Z_YSSc5eoW_F1o%pwM)~jtfeHcJ)Ip+
w-k~aB%+)%6fQbS)8(H?!Yx(K_=xC|InQ@=?mZ-Owk}*if_s{X@t+eLxw*LJ5XQvWvs=a}Tr4Eh7bJ#j793rb#OK1Y<;S(gJogv2uRQxnh`A4r
k-gDK`O6;7=-$X(g96v5CgenA$hcQ^srFr}c4s{_L!EawR$W+*9!D-#R7BTXXKO_kZV<3_H(Rcq4J{wHDIBxWRQHP;dIH(1nhu(GfY+Aj`t+Nr
tLoQ~_BN(&%`~rJs<~uu5%%7)!=*Z9sHVw9A$%O9HE}7mz9w~BWI~oZEWF*&u+Zt<4oA8>oy(rt=kC6<%{bG6&%oq-RA!}$M|oP*a9V?jb-L2$
=eUoQgcC-3t+Bz~a%tzx%c9C&RdP%>9Hr56dh2T7;7Cyf$4a+8Jm)2V(NIYU(A3y7x`z6Q$H{s?YX&iU-a??LqX7bn!n$*uwc9FpZLcGCnnSBg
&I<GM%R5O)&oT*5aFb^1njX@Qs|gcMBgn^lm4Md`pl3R{>Xc_Zak)qi?lGQI8)sSt6MU<plcL5$TR`p#dM4$YaNJHhp9t*jt~pe+k0VVES~hjp
gRgD6Mr$87eledL_4xiv@#&>YrtHBK=_=}-j=|M0O;Bq^nH^GzmFu3#tfC0isr6wpXp(7JWk9+~b6Z=R<2xR(*VRdNm$ZJDrAgZkm#(Jfx08}8
PibJ)dwCwKr9|k40L4`;)T&<<T>4!Am7G?x;DoPkk4`wFz7lr`ig2CLJy%|PUL|t!n1Q0mPCgP&+DX<T$S#{oa(*bFk#UlKtDIuZ^~J5Z`A2f?
^G|}2Er{WC^y$=&M!NM};+QtrIY$d<TKX4RlTnmsoK)*)u&7neInQj|1o}kt=a+1mdYtpyRV3~rCk)q=p4CSN#MMlBh-7oD60319T#M0L93pzR
B+)!WDB%wnOpBwEXDf!;^PRUv4P?ZM+iijss~oGFbj0f^5@aJ9b~1EPi8Wl}Ol)%G+sV4;Fv_DO)@FTVuauj0?d(&wwZc>sePg$ipe{QejTFAO
rs(e#V`(k2aas$UqZ^$onQMeIDiWKit&V7<o6D|EZ5&WQt+J$ah+?hPYuuz$PS_t6^SMXcDQ`9thrswp9EkY@i?lLswo{afJloAr0<B$NQQEFW
w~g9#xW2X2WpzA)A~(Ge=X;`WYh3g|Zo!3fQa?KO$WN_YpA=1QCt~`J@ldHqQEIszA7?e*z0z-{=fi~CLJ0l4MOr;4$kvxC`Z>;a5W6&MxZAg@
zeClbz25-%xW=?bIy}_}2RolGsGc}YxW(G$4K>WI+@`a2I^!Yo4avdfR4s{vywN*Mixxx8leZ=*vI{uw({;<2Ou7#2o~w<v=f!zw<|VyjFuE`e
+ihj+s~$#ZvlYoRWNEzDSFN(~YxRiCS4PR8Ph9E|^p>H$d*MmC1mSa|TFH6xm1JSjvs|p3EJnIlnzCgjl1k%E$x?jpLWe;)ryU0o)Maha*!f)L
S!8!&R0lCRaE-O-h8Es$igJaV@ewVvG~ObTG-1>QwZC1WZTd$mS-jy8GLWGB#Ms)<ZM5SmYf!mYcekFjp#<R<S4`$mt%abhf`;C4=IK`2BHdtb
|BJaIoG3^!kbB7h
"""
